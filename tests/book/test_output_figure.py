"""A figure takes the pictures of the cell above it, or of one below if it says so."""

from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.utils import new_document

from book.extension.output_figure import MoveOutputs


def cell(*pictures):
    code = nodes.container(nb_element="cell_code")
    code += [nodes.image(uri=picture) for picture in pictures]
    return code


def figure(below=False):
    return nodes.figure("", output_alt="What is seen.", output_below=below)


def moved(*parts):
    """Addresses of the pictures in each figure, after the move."""
    document = new_document("page", get_default_settings())
    document += list(parts)
    transform = MoveOutputs.__new__(MoveOutputs)
    transform.document = document
    transform.run()
    for image in document.findall(nodes.image):
        if isinstance(image.parent, nodes.figure):
            assert image["alt"] == "What is seen."
    return [[i["uri"] for i in f.findall(nodes.image)] for f in document.findall(nodes.figure)]


def test_pictures_come_from_the_cell_above():
    assert moved(cell("a"), cell("b", "c"), figure(), cell("d")) == [["b", "c"]]


def test_or_from_the_first_cell_below_that_has_any():
    text = nodes.paragraph("", "How it was made.")
    assert moved(figure(below=True), cell(), text, cell("a"), cell("b"), figure()) == [["a"], ["b"]]


def test_what_has_no_cell_stays_empty():
    assert moved(nodes.paragraph("", "no cell"), figure()) == [[]]
    assert moved(cell("a"), figure(below=True)) == [[]]

from parsed_site import lighter


def test_only_letters_of_formulas_and_colours_of_code_are_left_out():
    tex = '<annotation encoding="application/x-tex">x</annotation>'
    formula = '<span class="katex"><math>{}</math>{}</span>'
    parts = f"<semantics><mrow><mi>x</mi></mrow>{tex}</semantics>"
    drawn = '<span class="katex-html" aria-hidden="true"><span>x<span></span></span></span>'
    code = '<p><span>a</span></p><pre id="b">{}</pre>'
    coloured = '<span></span><span class="k">def</span> <span class="n">f</span>'
    page = (formula.format(parts, drawn) + code.format(coloured)) * 2
    plain = formula.format("x" + tex, '<span class="katex-html"></span>') + code.format("def f")
    assert lighter(page) == plain * 2

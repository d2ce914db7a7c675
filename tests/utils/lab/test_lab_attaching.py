"""The laboratory takes theme and language from where it stands: now, later, and when that changes.

JupyterLab renders into an element that stands nowhere yet. Here an element is rendered into before,
and attached after: nothing depends on who is faster.
"""

import pytest
from laboratory import DETACHED, RENDER, good, hosted, lab, started  # noqa: F401  (fixtures)
from pages import browser, needs_browser  # noqa: F401  (a fixture)

pytestmark = needs_browser
DARK = "host.flowLab.root.classList.contains('fl-dark')"


def looks(page, *, dark, korean):
    """Wait for theme and language; the text that is checked is what all parts say together."""
    said = """[host.flowLab.root.textContent, host.flowLab.root.ariaLabel,
        host.querySelector('canvas').ariaLabel, host.querySelector('.fl-handle').title,
        host.querySelector('[type=range]').getAttribute('aria-valuetext')].join('|')"""
    page.wait(f"{DARK} === {str(dark).lower()} && /[가-힣]/.test({said}) === {str(korean).lower()}")
    text = page.evaluate(said)
    for words in (("Play", "재생"), ("Sampler", "샘플러"), ("Velocity field", "속도장"),
                  ("Particles on their way", "입자들"), ("start (", "출발점 ("),
                  ("Euler", "오일러")):  # fmt: skip
        assert (words[1] in text) == korean and (words[0] in text) != korean, (words, text)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("korean", [False, True])
def test_rendered_before_it_is_attached(hosted, dark, korean):  # noqa: F811
    page = hosted(DETACHED)
    started(page)  # it computes already
    assert page.evaluate("host.isConnected") is False
    ground = "black" if dark else "white"
    place = f"<div id=place lang={'ko' if korean else 'en'} style='background: {ground}'></div>"
    page.evaluate(f"document.body.innerHTML = `{place}`; place.append(host)")
    # The element knows at once, before a frame is drawn: nothing flashes in the wrong theme.
    assert page.evaluate(DARK) is dark
    looks(page, dark=dark, korean=korean)
    page.wait("[...host.querySelectorAll('canvas')].every((c) => c.width > 100)")
    page.wait("host.querySelectorAll('.fl-read b').length === 2")
    page.evaluate("host.flowLab.set({ steps: 3 }).then(() => null)")
    assert page.evaluate("host.flowLab.view.shown.nfe") == 3
    assert page.complaints("http://127.0.0.1") == []


def test_moved_into_another_place(hosted):  # noqa: F811
    """JupyterLab takes cells that are out of sight out of the document, and puts them back."""
    page = hosted()
    started(page)
    page.evaluate("document.documentElement.lang = 'en'")
    looks(page, dark=False, korean=False)
    page.evaluate("""document.body.insertAdjacentHTML("beforeend",
        "<div id=other lang=ko style='background: #111'></div>"); other.append(host)""")
    looks(page, dark=True, korean=True)
    page.evaluate("host.remove()")
    page.evaluate("document.body.append(host)")
    looks(page, dark=False, korean=False)


@pytest.mark.parametrize(
    "change",
    [
        "document.documentElement.style.background = 'black'",
        "document.body.className = 'night'",
        "outer.dataset.theme = 'night'",
        "host.style.background = 'black'",
    ],
)
def test_follows_a_theme_that_changes(hosted, change):  # noqa: F811
    style = "<style>body.night, [data-theme=night] { background: #101418; }</style>"
    outer = "const outer = document.createElement('div'); outer.id = 'outer';"
    attach = "document.body.append(outer); outer.append(host);"
    page = hosted(outer + attach + DETACHED, head=style)
    started(page)
    page.wait(f"!{DARK}")
    before = page.evaluate("host.querySelector('canvas').toDataURL()")
    page.evaluate(change)
    page.wait(DARK)
    assert page.evaluate("host.querySelector('canvas').toDataURL()") != before


def test_follows_a_language_that_changes(hosted):  # noqa: F811
    page = hosted("document.documentElement.lang = 'en';" + RENDER)
    started(page)
    looks(page, dark=False, korean=False)
    page.evaluate("document.documentElement.lang = 'ko-KR'")
    looks(page, dark=False, korean=True)


def test_follows_a_ground_that_fades_to_its_colour(hosted):  # noqa: F811
    style = "<style>body { background: white; transition: background-color .3s; }</style>"
    page = hosted(head=style)
    started(page)
    page.evaluate("document.body.style.backgroundColor = 'black'")
    page.wait(DARK, 10)


def test_follows_the_system_where_the_page_does(hosted):  # noqa: F811
    page = hosted(head="<meta name='color-scheme' content='light dark'>")
    started(page)
    page.wait(f"!{DARK}")
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    page.call("Emulation.setEmulatedMedia", features=features)
    page.wait(DARK)  # the page has no ground of its own: it is the browser's, now dark


@pytest.mark.parametrize(
    ("ground", "dark"),
    [
        ("color(srgb 1 1 1)", False),
        ("color(srgb 0.98 0.97 0.95 / 0.9)", False),
        ("color(srgb 0.07 0.08 0.1)", True),
        ("color(display-p3 1 1 1)", False),
        ("oklch(0.97 0.01 250)", False),
        ("oklch(0.2 0.02 250)", True),
        ("lab(20 0 0)", True),
        ("color-mix(in srgb, white 90%, black)", False),
        ("hsl(210 20% 98%)", False),
        ("rgb(17 24 39 / 95%)", True),
        ("Canvas", False),
    ],
)
def test_every_way_to_write_a_colour(hosted, ground, dark):  # noqa: F811
    # Behind it the opposite: who does not understand the colour takes that one.
    head = f"<style>html {{ background: {'white' if dark else 'black'}; }}</style>"
    script = f"document.body.style.background = '{ground}';"
    page = hosted(script + RENDER, head=head)
    page.wait("!!host.flowLab")
    assert page.evaluate(DARK) is dark


SHADOW = """
const outer = document.createElement("section");
outer.lang = "ko";
outer.style.background = "OUTER";
const shadow = outer.attachShadow({ mode: "MODE" });
shadow.innerHTML = "<div style='background: INNER'><slot></slot></div>";
document.body.append(outer);
WHERE.append(host);
window.end = widget.render({ model, el: host });
"""


@pytest.mark.parametrize("mode", ["open", "closed"])
@pytest.mark.parametrize(
    ("where", "outer", "inner", "dark"),
    [
        ("shadow", "black", "white", True),  # beside the inner box: the outer ground counts
        ("shadow.firstChild", "black", "white", False),
        ("shadow.firstChild", "black", "transparent", True),
        ("outer", "white", "black", True),  # shown in the slot, that is, in the inner box
    ],
)
def test_in_a_shadow_root(hosted, where, outer, inner, dark, mode):  # noqa: F811
    if (where, mode) == ("outer", "closed"):
        pytest.skip("no script can see the slot of a closed root")
    script = SHADOW.replace("WHERE", where).replace("OUTER", outer).replace("INNER", inner)
    page = hosted(script.replace("MODE", mode))
    started(page)
    looks(page, dark=dark, korean=True)
    assert page.evaluate("getComputedStyle(host.flowLab.root).display") == "flex"  # has its style


def test_two_laboratories_of_one_page_share_no_id(hosted):  # noqa: F811
    """Each widget of a notebook brings a module of its own."""
    twice = """
    const again = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const second = document.createElement("div");
    document.body.append(second);
    (await import(again)).default.render({ model, el: second });
    """
    page = hosted(RENDER + twice)
    page.wait("document.querySelectorAll('.fl').length === 2")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids)) > 10

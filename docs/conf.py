"""Sphinx: the documentation site (`make site`). Nothing is loaded from elsewhere, neither while building nor by the pages."""

from __future__ import annotations

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

import covid_timeline

project = "covid_timeline"
author = "the covid_timeline contributors"
release = version = covid_timeline.__version__
project_copyright = author

extensions = [
    "myst_nb",  # Markdown, and the notebooks of gallery/, which the build executes
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
exclude_patterns = ["images/README.md"]
source_suffix = {".md": "myst-nb"}
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "attrs_inline"]

# Every notebook is run by every build, in a folder of its own, and one that fails fails the build.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
add_module_names = False
python_use_unqualified_type_names = True

html_theme = "pydata_sphinx_theme"
html_title = "covid_timeline"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_sidebars = {page: [] for page in ("start", "data-dictionary", "api", "design", "changelog")}  # nothing below them
html_show_sourcelink = False
html_copy_source = False
html_last_updated_fmt = None
html_search_language = "en"
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "tango",
    "pygments_dark_style": "github-dark",
}
html_context = {"default_mode": "auto"}

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def one_signature(_: Sphinx, document: nodes.document) -> None:
    """Show a loader once, not once for each backend: its overloads differ in the type of the result only."""
    for entry in document.findall(addnodes.desc):
        for again in [child for child in entry.children if isinstance(child, addnodes.desc_signature)][1:]:
            if again.get("fullname") == entry[0].get("fullname"):
                entry.remove(again)


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", one_signature)

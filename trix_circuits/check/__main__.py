"""`python check FILE [SOURCE]...` runs this folder as a program, from anywhere, with nothing but this folder."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

FOLDER = Path(__file__).parent

if __name__ == "__main__" and not __package__:  # it is a package of its own, whatever stands beside it
    spec = spec_from_file_location("check", FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)])
    sys.modules["check"] = module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(sys.modules["check"])  # type: ignore[union-attr]
    sys.modules["check"].run()
elif __name__ == "__main__":
    from .program import run

    run()

"""The command line: ``python -m utils.cifar10 train|sample|evaluate|film``."""

import sys
from collections.abc import Sequence

import torch

from utils.cifar10 import compilation, determinism
from utils.cifar10.options import build_parser
from utils.console import print_anything


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a mistake of the user gives one line, not a traceback.

    Args:
        arguments: words of the command line; ``None`` takes those of this process.

    Returns:
        Exit status: 0, 2 for an error, 130 or 143 if Ctrl-C or SIGTERM stopped the training.
    """
    print_anything()
    options = build_parser().parse_args(arguments)
    try:
        return options.function(options)
    except torch.cuda.OutOfMemoryError as error:
        message = f"the GPU's memory is too small: take a smaller --batch-size ({error})"
    except OSError as error:
        message = error.strerror or str(error)
        if error.filename is not None:
            message = f"{error.filename}: {message}"
    except (ValueError, TypeError, ImportError, FloatingPointError) as error:
        message = str(error)
    except RuntimeError as error:
        if compilation.is_compile_error(error):
            message = compilation.compile_error(error)
        elif determinism.is_determinism_error(error):
            message = f"{error}: {determinism.ADVICE}"
        else:
            raise
    # In one line, also where a library's own words have several.
    print("error:", " ".join(message.split()), file=sys.stderr, flush=True)
    return 2


if __name__ == "__main__":
    sys.exit(main())

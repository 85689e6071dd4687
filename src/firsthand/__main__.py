"""``python -m firsthand``."""

from firsthand.surfaces.terminal.main import main

if __name__ == "__main__":
    main()

"""`python -m phoneagent`."""

from phoneagent.cli import main

if __name__ == "__main__":
    main()

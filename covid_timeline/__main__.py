"""`python -m covid_timeline`: the same as the `covid-timeline` command."""

from covid_timeline.cli import main

if __name__ == "__main__":
    main()

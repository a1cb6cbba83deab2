"""A run of some thousand pictures, written in a moment: the three examples under many names."""

from examples import examples

from inv_widgets.run_files import RunFiles, RunWriter


def large_run(path, count):
    """Write it; every picture's name ends in its place, five digits."""
    source = RunFiles(examples().save(path.with_name(f"few-{path.name}")))
    tables = [source.tables(place) for place in range(3)]
    with RunWriter(path) as writer:
        for place in range(count):
            writer.copy(tables[place % 3], name=f"picture {place:05d}")
    return path

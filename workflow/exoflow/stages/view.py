"""`exoflow view`: one walk of a found gait in MuJoCo's viewer, or a picture of its last pose."""

from pathlib import Path


def run(gait: Path, duration_s: float, exo: str = "none", output: Path | None = None) -> None:
    """Walk a gait and look at it.

    Parameters
    ----------
    gait, duration_s, exo
        As in `stages.simulate.walk_gait`.
    output : Path, optional
        PNG of the last pose to write, instead of opening a window.

    Raises
    ------
    UserError
        Where nothing can be shown or drawn; names what works there.
    CheckpointError
        If the gait, or what `exo` names, cannot be read.
    """
    from exoflow.simulation.viewer import need_display, replay, save_picture
    from exoflow.stages.simulate import walk_gait, walk_words

    if output is None:
        # Before the walk: it takes seconds that would be lost.
        need_display()
    found, walker, walk = walk_gait(gait, duration_s, exo)
    print(walk_words(found, walk), flush=True)
    if output is None:
        replay(walker.model, walk.trajectory)
    else:
        save_picture(walker.model, walk.trajectory, Path(output))

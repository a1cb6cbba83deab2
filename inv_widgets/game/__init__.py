"""The reveal game without a screen: what is masked, who plays what next, and what a round is worth (docs/method.md).

:mod:`~inv_widgets.game.masking` says which pixels may be seen and :mod:`~inv_widgets.game.masked_pictures` shows them,
:mod:`~inv_widgets.game.scheduling` chooses a player's next cluster map, :mod:`~inv_widgets.game.rounds` has what a
round is made of, :mod:`~inv_widgets.game.scoring` counts points. All are pure: no clock, no files, no state of their
own, and neither torch nor scikit-learn.
"""

"""A game at work: a run, a label store and rules together.

:mod:`~inv_widgets.play.rules` has the settings, :mod:`~inv_widgets.play.game` what all players of a process share,
:mod:`~inv_widgets.play.seat` one player's place. No widgets here, and neither torch nor scikit-learn.
"""

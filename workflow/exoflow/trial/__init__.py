"""Human trials: study files, per-subject reductions and their statistics.

`study.load_study` reads a study folder, `analysis.analyze` answers its
declared tests as a JSON-able record. A study's numbers enter as `Reductions`
(per cent, per subject and controller): whatever produces them, published
tables today, hands over that one record.
"""

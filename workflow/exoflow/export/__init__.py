"""From a weights file to a verified C99 controller bundle. Needs numpy, never torch.

`c_code` writes the sources, `documents` what people read beside them, `verify`
compiles and compares them with the golden vectors, `bundle` packs the result.
"""

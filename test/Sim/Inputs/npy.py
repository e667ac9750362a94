"""make FILE EXPRESSION: saves an array. check FILE EXPRESSION: fails unless FILE holds exactly that array."""
import sys

import numpy as np

command, path, expression = sys.argv[1:]
value = np.asarray(eval(expression, {"np": np}))
if command == "make":
    np.save(path, value)
    sys.exit(0)
got = np.load(path)
if got.dtype != value.dtype or got.shape != value.shape:
    sys.exit(f"{path} is {got.dtype}{got.shape}, expected {value.dtype}{value.shape}")
wrong = np.argwhere(~((got == value) | ((got != got) & (value != value))))
if wrong.size:
    at = tuple(int(i) for i in wrong[0])
    sys.exit(f"{path}{list(at)} is {got[at]}, expected {value[at]}; {len(wrong)} elements differ")

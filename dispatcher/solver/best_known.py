"""
Best known DIMACS distances of Gehring and Homberger's files with 200, 400 and 1000 customers.

Facts from the literature, to measure a gap by; some may have been beaten since. Must not be used by
a search.

References
----------
.. [1] CVRPLIB and the DIMACS implementation challenge (2022), vehicle routing with time windows;
   distances cut to one decimal, distance only, fleet free.
"""

from __future__ import annotations

from typing import Final

# files 1 to 10 of each class and size
_DISTANCES: Final = {
    "C1_2": "2698.6 2694.3 2675.8 2625.6 2694.9 2694.9 2694.9 2684 2639.6 2624.7",
    "C2_2": "1922.1 1851.4 1763.4 1695 1869.6 1844.8 1842.2 1813.7 1815 1791.2",
    "R1_2": "4667.2 3919.9 3373.9 3047.6 4053.2 3559.1 3141.9 2938.4 3734.7 3293.1",
    "R2_2": "3468 3008.2 2537.5 1928.5 3061.1 2675.4 2304.7 1842.4 2843.3 2549.4",
    "RC1_2": "3516.9 3221.6 3001.4 2845.2 3325.6 3300.7 3177.8 3060 3073.3 2990.5",
    "RC2_2": "2797.4 2481.6 2227.7 1854.8 2491.4 2495.1 2287.7 2151.2 2086.6 1989.2",
    "C1_4": "7138.8 7113.3 6929.9 6777.7 7138.8 7140.1 7136.2 7083 6927.8 6825.4",
    "C2_4": "4100.3 3914.1 3755.2 3523.7 3923.2 3860.1 3870.9 3773.7 3842.1 3665.1",
    "R1_4": "10305.8 8873.3 7784.3 7266.2 9184.6 8340.4 7599.8 7240.5 8677.5 8077.8",
    "R2_4": "7520.7 6482.8 5372.9 4211.2 6567.9 5813.5 4893.5 4000.1 6067.8 5645.9",
    "RC1_4": "8522.9 7878.2 7516.9 7292.9 8152.3 8148 7932.5 7757.2 7717.7 7581.2",
    "RC2_4": "6147.3 5407.5 4573 3597.9 5392.3 5324.6 4987.8 4693.3 4510.4 4252.3",
    "C1_10": "42444.8 41337.8 40064.4 39434.1 42434.8 42437 42420.4 41652.1 40288.4 39816.8",
    "C2_10": "16841.1 16462.6 16036.5 15459.5 16521.3 16290.7 16378.4 16029.1 16075.4 15728.6",
    "R1_10": "53046.5 48263.1 44677.1 42440.7 50406.7 46930.3 43997.4 42279.3 49162.8 47364.6",
    "R2_10": "36881 31241.9 24399 17811.5 34132.8 29124.7 23102.2 17403.8 31990.6 29840.5",
    "RC1_10": "45790.8 43678.3 42121.9 41357.4 45028.1 44903.6 44417.1 43916.5 43858.1 43533.7",
    "RC2_10": "28122.6 24248.6 19618.1 15657 25797.5 25782.5 24395.8 23280.2 22731.6 21736.1",
}


def best_known(name: str) -> float | None:
    """Return the best known distance of a file such as R1_2_5, None when it is not listed."""
    kind, _, number = name.rpartition("_")
    distances = _DISTANCES.get(kind, "").split()
    if not number.isdigit() or not 1 <= int(number) <= len(distances):
        return None
    return float(distances[int(number) - 1])

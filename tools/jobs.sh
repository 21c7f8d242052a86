#!/bin/sh
# How many compilers may run at once: the cores, but one a GiB of available memory (files with Beast take that much).
cores=$(nproc 2>/dev/null || echo 2)
memory=$(awk '/^MemAvailable:/ {print int($2 / 1048576)}' /proc/meminfo 2>/dev/null)
[ "${memory:-$cores}" -ge 1 ] 2>/dev/null || memory=1
[ "${memory:-$cores}" -lt "$cores" ] && cores=$memory
echo "$cores"

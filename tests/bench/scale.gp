# What one node bears, by the size of the network; csv and png are set by tests/bench-scale.mk.
set terminal pngcairo size 900,600
set output png
set datafile separator ","
set key top left
set logscale xy
set xlabel "nodes in the network"
set ylabel "a node's share"
set grid
plot csv using 1:5 skip 1 with linespoints title "directory, KiB", \
     csv using 1:6 skip 1 with linespoints title "directory traffic sent, MB an hour", \
     csv using 1:7 skip 1 with linespoints title "processor for the directory, s an hour", \
     csv using 1:9 skip 1 with linespoints title "until a node started anew knows all, s", \
     csv using 1:10 skip 1 with linespoints title "choosing a path, ms of processor"

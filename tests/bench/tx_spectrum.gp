# The table of tx_spectrum.c as a picture: csv=, png= and bits= come from the command line.
set terminal pngcairo size 1000,600
set output png
set datafile separator ","
set title bits."-bit samples at 20 MS/s, interpolated by four; IEEE 802.11-2012, 18.3.9.3"
set xlabel "MHz from the carrier"
set ylabel "dB relative to the largest density, 100 kHz"
set xrange [-40:40]
set yrange [-100:5]
set grid
plot csv using 1:3 with lines title "6 Mb/s", csv using 1:10 with lines title "54 Mb/s", csv using 1:2 with lines lw 2 title "mask"

// Model of the ECP5's output double data rate cell (Lattice FPGA-TN-02035, GDDRX1): D0 and D1 are taken at a rising edge; D0
// stands on the pin from the next one on, D1 from the falling edge after it.
// verilator lint_off UNUSEDSIGNAL
// verilator lint_off UNUSEDPARAM
module ODDRX1F (
	input SCLK, RST, D0, D1,
	output Q
);
	parameter GSR = "ENABLED";
	reg first, second, late_second;
	reg high, low;
	always @(posedge SCLK) begin
		first <= !RST && D0;
		second <= !RST && D1;
		high <= first;
		late_second <= second;
	end
	always @(negedge SCLK) low <= late_second;
	assign Q = SCLK ? high : low;
endmodule

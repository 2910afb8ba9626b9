// Model of the ECP5's input double data rate cell (Lattice FPGA-TN-02035, GDDRX1): Q0 holds what stood at the rising edge, Q1
// at the falling edge after it; both come out together with the next rising edge.
// verilator lint_off UNUSEDSIGNAL
// verilator lint_off UNUSEDPARAM
module IDDRX1F (
	input D, SCLK, RST,
	output reg Q0, Q1
);
	parameter GSR = "ENABLED";
	reg rise, fall;
	always @(negedge SCLK) fall <= D;
	always @(posedge SCLK) begin
		rise <= D;
		Q0 <= !RST && rise;
		Q1 <= !RST && fall;
	end
endmodule

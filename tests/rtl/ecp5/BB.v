// Model of the ECP5's bidirectional pin.
// verilator lint_off UNUSEDSIGNAL
// verilator lint_off UNUSEDPARAM
module BB (
	input I, T,
	output O,
	inout B
);
	assign B = T ? 1'bz : I;
	assign O = B;
endmodule

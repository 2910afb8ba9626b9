// Model of the ECP5's pin delay: a test that means to see its picoseconds adds them outside.
// verilator lint_off UNUSEDSIGNAL
// verilator lint_off UNUSEDPARAM
module DELAYG (
	input A,
	output Z
);
	parameter DEL_MODE = "USER_DEFINED";
	parameter DEL_VALUE = 0;
	assign Z = A;
endmodule

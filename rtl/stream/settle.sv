// settle - a clock's reset: held while `hold` is, and 255 clocks beyond.
//
// `hold` may be asynchronous (a clock generator that has not locked, a button); two registers take it in. The clock may start
// long after the device: the registers begin in reset.

`default_nettype none

module settle (
  input  wire  logic clk,
  input  wire  logic hold,
  output       logic rst                       // synchronous, active high
);

  logic [1:0] calm  = '0;
  logic [7:0] count = '0;

  initial rst = 1'b1;

  always_ff @(posedge clk) begin
    calm  <= {calm[0], !hold};
    count <= !calm[1] ? '0 : count == '1 ? count : count + 1'b1;
    rst   <= count != '1;
  end

endmodule

`default_nettype wire

// rx_angle - the angle of a vector, by CORDIC in vectoring mode: one turn of the sequence a clock.
//
// The vector is first doubled until it fills the word (at most IN clocks), so that small ones are as exact
// as large ones; then 16 rotations by arctan 2^-i drive y to zero. Error below 2^-15 of a turn.
// The angle of the zero vector is 0 or half a turn.

`default_nettype none

module rx_angle #(
  parameter int unsigned IN = 40
) (
  input  wire  logic                 clk,
  input  wire  logic                 rst,       // synchronous, active high

  input  wire  logic signed [IN-1:0] x,
  input  wire  logic signed [IN-1:0] y,
  input  wire  logic                 start,     // x and y are taken with it
  output       logic                 done,      // a pulse
  output       logic signed [17:0]   angle      // turns, s0.18 (-1/2 .. 1/2)
);

  localparam int unsigned W = 20;               // s3.17 for vectors below 1: growth is 1.65

  function automatic logic [17:0] arctan(input logic [3:0] i);  // 2^18 atan(2^-i) / (2 pi)
    case (i)
      4'd0:    arctan = 18'd32768;
      4'd1:    arctan = 18'd19344;
      4'd2:    arctan = 18'd10221;
      4'd3:    arctan = 18'd5188;
      4'd4:    arctan = 18'd2604;
      4'd5:    arctan = 18'd1303;
      4'd6:    arctan = 18'd652;
      4'd7:    arctan = 18'd326;
      4'd8:    arctan = 18'd163;
      4'd9:    arctan = 18'd81;
      4'd10:   arctan = 18'd41;
      4'd11:   arctan = 18'd20;
      4'd12:   arctan = 18'd10;
      4'd13:   arctan = 18'd5;
      4'd14:   arctan = 18'd3;
      default: arctan = 18'd1;
    endcase
  endfunction

  typedef enum logic [1:0] {Idle, Fill, Turn} state_e;

  logic [1:0]           state;
  logic signed [IN-1:0] big_x, big_y;
  logic [5:0]           doublings;
  logic [3:0]           i;
  logic signed [W-1:0]  vx, vy;

  wire filled = big_x[IN-1] != big_x[IN-2] || big_y[IN-1] != big_y[IN-2] || doublings == 6'(IN - 1);

  wire signed [W-1:0] top_x = {{2{big_x[IN-1]}}, big_x[IN-1 -: W-2]};
  wire signed [W-1:0] top_y = {{2{big_y[IN-1]}}, big_y[IN-1 -: W-2]};
  wire signed [W-1:0] dx = vx >>> i;
  wire signed [W-1:0] dy = vy >>> i;

  // One adder each for sum and difference: a - b = a + ~b + 1, the 1 carried out of a bit below.
  wire below = vy[W-1];
  /* verilator lint_off UNUSEDSIGNAL */             // that bit
  wire [W:0]  next_x = {vx, 1'b1} + {dy ^ {W{below}}, below};
  wire [W:0]  next_y = {vy, 1'b1} + {dx ^ {W{!below}}, !below};
  wire [18:0] next_angle = {angle, 1'b1} + {arctan(i) ^ {18{below}}, below};
  /* verilator lint_on UNUSEDSIGNAL */

  always_ff @(posedge clk) begin
    done <= 1'b0;
    case (state)
      Idle: begin
        if (start) begin
          big_x <= x;
          big_y <= y;
          state <= Fill;
        end
        doublings <= '0;
      end
      Fill: begin
        big_x <= big_x <<< 1;
        big_y <= big_y <<< 1;
        doublings <= doublings + 1'b1;
        if (filled) begin                       // into the right half plane first
          vx    <= big_x[IN-1] ? -top_x : top_x;
          vy    <= big_x[IN-1] ? -top_y : top_y;
          angle <= {big_x[IN-1], 17'd0};
          i     <= '0;
          state <= Turn;
        end
      end
      default: begin
        vx    <= next_x[W:1];
        vy    <= next_y[W:1];
        angle <= next_angle[18:1];
        i     <= i + 1'b1;
        if (i == 4'd15) begin
          done  <= 1'b1;
          state <= Idle;
        end
      end
    endcase
    if (rst) begin
      state <= Idle;
      done  <= 1'b0;
    end
  end

endmodule

`default_nettype wire

// rx_rotate - turns a complex number back by an angle, and scales it by a power of two.
//
//   out = saturate(x e^(-j 2 pi phase / 1024) 2^(15 - drop)),  rounded half up
//
// Two multipliers, two clocks a number: the real part is worked out in the first, the imaginary part in the second. Inputs
// are at least two clocks apart; the result leaves 8 clocks after its input. The sine is taken in the middle of each step,
// so that the four quarters of the wave are mirror images; the whole wave fits one block RAM, and needs no logic behind it.

`default_nettype none

module rx_rotate #(
  parameter int unsigned IN  = 16,
  parameter int unsigned OUT = 16
) (
  input  wire  logic                  clk,
  input  wire  logic                  rst,      // synchronous, active high

  input  wire  logic signed [IN-1:0]  s_re,
  input  wire  logic signed [IN-1:0]  s_im,
  input  wire  logic [9:0]            s_phase,
  input  wire  logic                  s_valid,
  input  wire  logic [4:0]            drop,     // bits dropped from the product: 15 keeps the size; steady

  output       logic signed [OUT-1:0] m_re,
  output       logic signed [OUT-1:0] m_im,
  output       logic                  m_valid
);

  localparam int unsigned PW = IN + 16;

  // 32767 sin(pi/2 (i + 1/2) / 256), by the series to x^9 in 2^-28ths.
  function automatic logic [14:0] sine(input integer i);
    logic signed [63:0] x, xx, term, sum;
    x    = (64'sd421657428 * (2 * i + 1)) / 64'sd512;   // pi/2 2^28
    xx   = (x * x) >>> 28;
    term = x;
    sum  = x;
    term = ((term * xx) >>> 28) / 6;
    sum  = sum - term;
    term = ((term * xx) >>> 28) / 20;
    sum  = sum + term;
    term = ((term * xx) >>> 28) / 42;
    sum  = sum - term;
    term = ((term * xx) >>> 28) / 72;
    sum  = sum + term;
    sum  = (sum * 64'sd32767 + (64'sd1 <<< 27)) >>> 28;
    sine = sum[14:0];
  endfunction

  logic signed [15:0] wave [1024];
  initial begin
    for (int i = 0; i < 256; i++) begin
      wave[i]        = {1'b0, sine(i)};
      wave[511 - i]  = {1'b0, sine(i)};
      wave[512 + i]  = -{1'b0, sine(i)};
      wave[1023 - i] = -{1'b0, sine(i)};
    end
  end

  // Sine and cosine of the phase ---------------------------------------------------------------------

  logic [8:1]         v;                        // v[n]: an input came n clocks ago
  logic signed [15:0] sine_q, cosine_q;
  logic signed [15:0] s, c;
  logic signed [IN-1:0] re0, im0, re1, im1;

  always_ff @(posedge clk) begin
    if (s_valid) begin
      sine_q   <= wave[s_phase];
      cosine_q <= wave[s_phase + 10'd256];      // a quarter on
      re0      <= s_re;
      im0      <= s_im;
    end
    if (v[1]) begin
      s   <= sine_q;
      c   <= cosine_q;
      re1 <= re0;
      im1 <= im0;
    end
    v <= {v[7:1], s_valid};
    if (rst) v <= '0;
  end

  // re = re c + im s, then im = im c - re s ------------------------------------------------------------

  logic signed [IN-1:0] a0, a1;
  logic                 minus, minus_q;
  logic signed [PW-1:0] p0, p1;
  logic signed [PW:0]   sum, rounded;
  /* verilator lint_off UNUSEDSIGNAL */             // a sign more than saturation looks at
  logic signed [PW:0]   scaled;
  /* verilator lint_on UNUSEDSIGNAL */
  wire signed [PW:0] half   = (PW + 1)'(1) <<< (drop - 5'd1);

  wire fits = scaled[PW:OUT-1] == {(PW - OUT + 2){scaled[PW]}};
  wire signed [OUT-1:0] result = fits ? scaled[OUT-1:0] : {scaled[PW], {(OUT - 1){!scaled[PW]}}};

  assign a0    = v[3] ? im1 : re1;
  assign a1    = v[3] ? re1 : im1;
  assign minus = v[3];

  always_ff @(posedge clk) begin
    if (v[2] || v[3]) begin
      p0      <= a0 * c;
      p1      <= a1 * s;
      minus_q <= minus;
    end
    if (v[3] || v[4]) sum  <= minus_q ? (PW + 1)'(p0) - (PW + 1)'(p1) : (PW + 1)'(p0) + (PW + 1)'(p1);
    if (v[4] || v[5]) rounded <= sum + half;
    if (v[5] || v[6]) scaled <= rounded >>> drop;
    if (v[6]) m_re <= result;
    if (v[7]) m_im <= result;
  end

  assign m_valid = v[8];

endmodule

`default_nettype wire

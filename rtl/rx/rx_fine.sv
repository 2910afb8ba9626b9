// rx_fine - carrier offset and energy from the two long training symbols.
//
//   P = sum_{n<64} x(n + 64) conj(x(n)),   E = sum_{n<64} |x(n)|^2
//
// arg P / 64 is the offset that is left, in turns a sample. Two multipliers, two clocks a sample. Takes 128 samples from `start`,
// at least two clocks apart, then gives `done`.

`default_nettype none

module rx_fine (
  input  wire  logic               clk,
  input  wire  logic               rst,         // synchronous, active high

  input  wire  logic               start,
  input  wire  logic signed [15:0] s_re,
  input  wire  logic signed [15:0] s_im,
  input  wire  logic               s_valid,

  output       logic               done,        // a pulse
  output       logic signed [39:0] p_re,
  output       logic signed [39:0] p_im,
  output       logic        [39:0] energy
);

  (* ram_style = "block", no_rw_check *)        // written in the first symbol, read in the second
  logic [31:0]        first [64];
  logic [6:0]         n;
  logic [4:1]         v;
  logic               second1, second2, second3;
  logic [31:0]        sample, partner;
  logic signed [15:0] xr, xi, yr, yi;

  always_ff @(posedge clk) begin
    if (s_valid && !n[6]) first[n[5:0]] <= {s_im, s_re};
    if (s_valid && n[6])  partner <= first[n[5:0]];
  end

  always_ff @(posedge clk) begin
    if (s_valid) begin
      sample  <= {s_im, s_re};
      second1 <= n[6];
      n       <= n + 1'b1;
    end
    if (v[1]) begin
      {xi, xr} <= sample;
      {yi, yr} <= second1 ? partner : sample;   // the first symbol meets itself
      second2  <= second1;
    end
    if (v[2]) {xi, xr} <= {xr, xi};             // for the second product: nothing stands between register and multiplier
    v <= {v[3:1], s_valid};
    if (rst || start) {n, v} <= '0;
  end

  logic signed [31:0] p0, p1;
  logic               turn_im;
  logic [7:0]         left;

  wire signed [39:0] sum = turn_im ? 40'(p0) - 40'(p1) : 40'(p0) + 40'(p1);

  always_ff @(posedge clk) begin
    done <= 1'b0;
    if (v[2] || v[3]) begin
      p0      <= xr * yr;
      p1      <= xi * yi;
      turn_im <= v[3];
    end
    if (v[2]) second3 <= second2;
    if (v[3]) begin
      if (second3) p_re   <= p_re + sum;
      else         energy <= energy + sum;
    end
    if (v[4]) begin
      if (second3) p_im <= p_im + sum;
      left <= left - 1'b1;
      done <= left == 8'd1;
    end
    if (rst || start) begin
      {p_re, p_im, energy} <= '0;
      left <= 8'd128;
      done <= 1'b0;
    end
  end

endmodule

`default_nettype wire

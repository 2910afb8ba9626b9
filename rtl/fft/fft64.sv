// fft64 - 64-point transform, forward or inverse, with one radix-4 butterfly and one multiplier.
//
//              +--> [ bank 0 ] --+                      +--> m_axis
//   s_axis ----+                 +---- x0..x3 ----------+
//              +--> [ bank 1 ] --+        |
//                     ^               butterfly, / 2, * W
//                     +-------------------+
//
// A block loads into one bank while the other is computed or unloaded. Three passes of 64 clocks,
// one word read and one written per clock, in place (decimation in frequency):
//
//   y_q = 1/2 sum_p x_p (-j)^(pq),  then  * W_64^(m q)      W_64 = exp(-j 2 pi / 64)
//
// so the result is the orthonormal sum / 8 in both directions. The inverse is the same with real
// and imaginary parts exchanged on the way in and on the way out.
//
// Timing: 196 clocks from the last beat in to the first beat out; a transform every 192 clocks
// where both neighbours keep up. The passes follow each other without a gap because each takes its
// butterflies in the order in which the pass before finished their words.
//
// Numbers: s1.(WIDTH-1) at the ports, two bits more (s3) inside, rounded convergently to the same
// LSB after the butterfly and after the multiplier, saturated at the output. Noise is below one
// LSB rms, whatever the input. No input overflows silently: a sum beyond s3 saturates, and would
// leave the s1 output anyway.
//
// s_axis_tuser[0] is `inverse`; it and the bits above it are taken with the first beat of a block,
// and come back with every beat of the result. With CENTRED, carriers (the input of an inverse
// transform, the output of a forward one) run -32..31 in place of 0..63; samples never change.

`default_nettype none

module fft64 #(
  parameter int unsigned WIDTH   = 16,
  parameter int unsigned USER    = 1,           // bits of tuser, `inverse` included
  parameter bit          CENTRED = 1'b0
) (
  input  wire  logic               clk,
  input  wire  logic               rst,         // synchronous, active high

  input  wire  logic [2*WIDTH-1:0] s_axis_tdata,  // {q, i}, each s1.(WIDTH-1)
  input  wire  logic [USER-1:0]    s_axis_tuser,
  input  wire  logic               s_axis_tvalid,
  output       logic               s_axis_tready,

  output       logic [2*WIDTH-1:0] m_axis_tdata,
  output       logic [USER-1:0]    m_axis_tuser,
  output       logic               m_axis_tlast,  // the 64th
  output       logic               m_axis_tvalid,
  input  wire  logic               m_axis_tready
);

  if (WIDTH > 16 || WIDTH < 8) begin : g_check
    $error("WIDTH + 2 bits must fit a multiplier of 18 bits");
  end

  localparam int unsigned IW = WIDTH + 2;       // inside: s3.(WIDTH-1)
  localparam int unsigned TW = 18;              // twiddles: s2.16, so that 1 is exact

  // Who owns a bank: empty -> loaded -> computed -> empty ------------------------------

  logic [1:0]      loaded;                      // waits for the engine, or is in it
  logic [1:0]      computed;                    // may be unloaded
  logic            ld_bank, cp_bank, ul_bank;
  logic [USER-1:0] user [2];

  // Loader: natural order -------------------------------------------------------------

  logic [5:0] ld_count;

  assign s_axis_tready = !loaded[ld_bank] && !computed[ld_bank];

  wire             ld_en   = s_axis_tvalid && s_axis_tready;
  wire             ld_last = ld_count == 6'd63;
  wire [USER-1:0]  ld_user = ld_count == 0 ? s_axis_tuser : user[ld_bank];
  wire             ld_inv  = ld_user[0];
  wire [5:0]       ld_addr = {ld_count[5] ^ (CENTRED && ld_inv), ld_count[4:0]};

  wire signed [WIDTH-1:0] ld_i = s_axis_tdata[WIDTH-1:0];
  wire signed [WIDTH-1:0] ld_q = s_axis_tdata[2*WIDTH-1:WIDTH];
  wire signed [IW-1:0]    ld_re = ld_inv ? IW'(ld_q) : IW'(ld_i);
  wire signed [IW-1:0]    ld_im = ld_inv ? IW'(ld_i) : IW'(ld_q);

  always_ff @(posedge clk) begin
    if (ld_en) begin
      user[ld_bank] <= ld_user;
      ld_count      <= ld_count + 1'b1;
    end
    if (rst) ld_count <= '0;
  end

  // Engine, reading side: three passes over the bank -----------------------------------
  //
  // A step is {pass, b, a, p}: butterfly (a, b), its word p. The three digits of the address
  // exchange places from pass to pass, and a counts fastest: that is the order without gaps.

  function automatic logic [5:0] place(input logic [1:0] pass, input logic [1:0] a,
                                       input logic [1:0] b, input logic [1:0] p);
    case (pass)
      2'd0:    place = {p, a, b};
      2'd1:    place = {a, p, b};
      default: place = {a, b, p};
    endcase
  endfunction

  logic [7:0] rd_step;

  wire       rd_en   = loaded[cp_bank];
  wire       rd_last = rd_step == 8'd191;
  wire [5:0] rd_addr = place(rd_step[7:6], rd_step[3:2], rd_step[5:4], rd_step[1:0]);

  always_ff @(posedge clk) begin
    if (rd_en) rd_step <= rd_last ? '0 : rd_step + 1'b1;
    if (rst) rd_step <= '0;
  end

  // Stage n of the pipe is busy where flow[n]; the word read at clock 0 is in x at clock 2.

  localparam int unsigned X = 2, Y = 7, W = 11;

  logic [W:1] flow;
  logic       cp_bank_q;

  always_ff @(posedge clk) begin
    flow <= {flow[W-1:1], rd_en};
    if (rd_en) cp_bank_q <= cp_bank;
    if (rst) flow <= '0;
  end

  // Banks ------------------------------------------------------------------------------

  logic          ul_read;
  logic [5:0]    ul_addr;
  logic          wr_bank;
  logic [5:0]    wr_addr;
  logic [2*IW-1:0] wr_data;
  wire  [2*IW-1:0] bank0_q, bank1_q;

  for (genvar g = 0; g < 2; g++) begin : g_bank
    (* no_rw_check *)                           // never read where it is written: see the assertion
    logic [2*IW-1:0] mem [64];
    logic [2*IW-1:0] q;

    wire        computing = flow[W] && wr_bank == 1'(g);
    wire        loading   = ld_en && ld_bank == 1'(g);
    wire        reading   = rd_en && cp_bank == 1'(g);
    wire        unloading = ul_read && ul_bank == 1'(g);
    wire [5:0]      waddr = computing ? wr_addr : ld_addr;
    wire [2*IW-1:0] wdata = computing ? wr_data : {ld_im, ld_re};
    wire [5:0]      raddr = reading ? rd_addr : ul_addr;

    always_ff @(posedge clk) begin
      if (computing || loading) mem[waddr] <= wdata;
      if (reading || unloading) q <= mem[raddr];
    end
    always_ff @(posedge clk) begin
      if (!rst) assert (!((computing || loading) && (reading || unloading) && waddr == raddr));
    end
    if (g == 0) assign bank0_q = q;
    else        assign bank1_q = q;
  end

  // Butterfly: four words in, one a clock; four words out, one a clock -----------------

  logic signed [IW-1:0] x_re, x_im;             // word p
  logic signed [IW-1:0] h0_re, h0_im, h1_re, h1_im;     // x0, x1, waiting for x2, x3
  logic signed [IW:0]   s0_re, s0_im, s1_re, s1_im;     // x0 + x2, x1 + x3
  logic signed [IW:0]   d0_re, d0_im, d1_re, d1_im;     // x0 - x2, x1 - x3
  logic signed [IW:0]   l_re, l_im, r_re, r_im; // what is added to, what is added
  logic [1:0]           x_step, y_next, y_step; // arriving; being fetched; being made

  wire signed [IW-1:0]  h_re = x_step[0] ? h1_re : h0_re;
  wire signed [IW-1:0]  h_im = x_step[0] ? h1_im : h0_im;
  wire signed [IW:0]    sum_re  = (IW+1)'(h_re) + (IW+1)'(x_re);
  wire signed [IW:0]    sum_im  = (IW+1)'(h_im) + (IW+1)'(x_im);
  wire signed [IW:0]    diff_re = (IW+1)'(h_re) - (IW+1)'(x_re);
  wire signed [IW:0]    diff_im = (IW+1)'(h_im) - (IW+1)'(x_im);

  // y_step 0..3 makes y_0, y_2, y_1, y_3: so each pair of sums is fetched once.
  wire                  minus_re = y_step[0];
  wire                  minus_im = y_step[0] ^ y_step[1];
  // One adder for sum and difference: l - r = l + ~r + 1, the 1 carried out of a bit below.
  /* verilator lint_off UNUSEDSIGNAL */             // that bit
  wire signed [IW+2:0]  y_re = $signed({l_re[IW], l_re, 1'b1}) + $signed({r_re[IW] ^ minus_re, r_re ^ {(IW+1){minus_re}}, minus_re});
  wire signed [IW+2:0]  y_im = $signed({l_im[IW], l_im, 1'b1}) + $signed({r_im[IW] ^ minus_im, r_im ^ {(IW+1){minus_im}}, minus_im});
  /* verilator lint_on UNUSEDSIGNAL */
  wire signed [IW-1:0]  half_re, half_im;

  round #(.IN(IW + 2), .DROP(1), .OUT(IW)) i_half_re (.value(y_re[IW+2:1]), .result(half_re));
  round #(.IN(IW + 2), .DROP(1), .OUT(IW)) i_half_im (.value(y_im[IW+2:1]), .result(half_im));

  always_ff @(posedge clk) begin
    if (flow[X-1]) {x_im, x_re} <= cp_bank_q ? bank1_q : bank0_q;
    if (flow[X]) begin
      x_step <= x_step + 1'b1;
      case (x_step)
        2'd0: {h0_re, h0_im} <= {x_re, x_im};
        2'd1: {h1_re, h1_im} <= {x_re, x_im};
        2'd2: begin
          {s0_re, s0_im} <= {sum_re, sum_im};
          {d0_re, d0_im} <= {diff_re, diff_im};
        end
        default: begin
          {s1_re, s1_im} <= {sum_re, sum_im};
          {d1_re, d1_im} <= {diff_re, diff_im};
        end
      endcase
    end
    if (flow[Y-1] && y_next == 2'd0) begin      // y_0 and y_2 = s0 +- s1
      {l_re, l_im} <= {s0_re, s0_im};
      {r_re, r_im} <= {s1_re, s1_im};
    end
    if (flow[Y-1] && y_next == 2'd2) begin      // y_1 and y_3 = d0 -+ j d1
      {l_re, l_im} <= {d0_re, d0_im};
      {r_re, r_im} <= {d1_im, d1_re};
    end
    if (flow[Y-1]) y_next <= y_next + 1'b1;
    y_step <= y_next;
    if (rst) {x_step, y_next} <= '0;
  end

  // Twiddle W^t = cos - j sin, t < 48, from a memory made of a quarter of the wave ----------

  function automatic logic [16:0] sine(input logic [4:0] i);  // 65536 sin(2 pi i / 64)
    case (i)
      5'd0:    sine = 17'd0;
      5'd1:    sine = 17'd6424;
      5'd2:    sine = 17'd12785;
      5'd3:    sine = 17'd19024;
      5'd4:    sine = 17'd25080;
      5'd5:    sine = 17'd30893;
      5'd6:    sine = 17'd36410;
      5'd7:    sine = 17'd41576;
      5'd8:    sine = 17'd46341;
      5'd9:    sine = 17'd50660;
      5'd10:   sine = 17'd54491;
      5'd11:   sine = 17'd57798;
      5'd12:   sine = 17'd60547;
      5'd13:   sine = 17'd62714;
      5'd14:   sine = 17'd64277;
      5'd15:   sine = 17'd65220;
      default: sine = 17'd65536;
    endcase
  endfunction

  logic [2*TW-1:0] wave [64];                   // {-sin, cos}

  initial begin
    for (int i = 0; i < 16; i++) begin
      wave[i]      = { -{1'b0, sine(5'(i))},      {1'b0, sine(5'(16 - i))}};
      wave[16 + i] = { -{1'b0, sine(5'(16 - i))}, -{1'b0, sine(5'(i))}};
      wave[32 + i] = {  {1'b0, sine(5'(i))},      -{1'b0, sine(5'(16 - i))}};
      wave[48 + i] = '0;                        // never asked for
    end
  end

  logic [7:0] tw_step;                          // the step whose twiddle is looked up
  wire  [1:0] tw_q = {tw_step[0], tw_step[1]};
  wire  [3:0] tw_m = tw_step[7:6] == 2'd0 ? {tw_step[3:2], tw_step[5:4]} :
                     tw_step[7:6] == 2'd1 ? {tw_step[5:4], 2'b00} : 4'd0;

  logic [5:0]           t;                      // m q of that step
  logic [2*TW-1:0]      wave_q;
  logic signed [TW-1:0] w_re, w_im;
  logic signed [IW-1:0] u_re, u_im;

  always_ff @(posedge clk) begin
    if (flow[Y-2]) begin
      t       <= (tw_q[0] ? {2'b00, tw_m} : 6'd0) + (tw_q[1] ? {1'b0, tw_m, 1'b0} : 6'd0);
      tw_step <= tw_step == 8'd191 ? '0 : tw_step + 1'b1;
    end
    if (flow[Y-1]) wave_q <= wave[t];
    if (flow[Y]) begin
      {u_re, u_im} <= {half_re, half_im};
      {w_im, w_re} <= wave_q;
    end
    if (rst) tw_step <= '0;
  end

  // Multiplier -------------------------------------------------------------------------

  localparam int unsigned PW = IW + TW;

  logic signed [PW-1:0] p_rr, p_ii, p_ri, p_ir;
  logic signed [PW:0]   z_re, z_im;
  wire  signed [IW-1:0] wr_re, wr_im;

  always_ff @(posedge clk) begin
    if (flow[Y+3]) wr_data <= {wr_im, wr_re};
    if (flow[Y+1]) begin
      p_rr <= u_re * w_re;
      p_ii <= u_im * w_im;
      p_ri <= u_re * w_im;
      p_ir <= u_im * w_re;
    end
    if (flow[Y+2]) begin
      z_re <= (PW+1)'(p_rr) - (PW+1)'(p_ii);
      z_im <= (PW+1)'(p_ri) + (PW+1)'(p_ir);
    end
  end

  round #(.IN(PW + 1), .DROP(16), .OUT(IW)) i_round_re (.value(z_re), .result(wr_re));
  round #(.IN(PW + 1), .DROP(16), .OUT(IW)) i_round_im (.value(z_im), .result(wr_im));

  // Engine, writing side: the same walk, eleven clocks later, with y_step's order ----------

  logic [7:0] wr_step;

  assign wr_addr = place(wr_step[7:6], wr_step[3:2], wr_step[5:4], {wr_step[0], wr_step[1]});

  always_ff @(posedge clk) begin
    if (flow[W]) begin
      wr_step <= wr_step == 8'd191 ? '0 : wr_step + 1'b1;
      if (wr_step == 8'd191) wr_bank <= !wr_bank;
    end
    if (rst) {wr_step, wr_bank} <= '0;
  end

  // Unloader: digits reversed, so natural order; starts when the last pass has been read.
  // It never overtakes the writer: word k is written by clock 4 (k mod 16) + 14 of that pass.

  logic [5:0] ul_count;
  logic       ul_done;                          // all 64 have been read
  logic       q_valid, q_last;                  // a word waits at the bank's output
  logic       x_valid, x_last;                  // .. and one register on: a block RAM answers late in its clock

  wire        ul_inv  = user[ul_bank][0];
  wire [5:0]  ul_k    = {ul_count[5] ^ (CENTRED && !ul_inv), ul_count[4:0]};
  wire        out_en  = m_axis_tready || !m_axis_tvalid;

  assign ul_addr = {ul_k[1:0], ul_k[3:2], ul_k[5:4]};
  assign ul_read = computed[ul_bank] && !ul_done && out_en;

  logic [USER-1:0]        x_user;
  logic [2*IW-1:0]        x_word;
  wire signed [IW-1:0]    ul_re = x_user[0] ? x_word[2*IW-1:IW] : x_word[IW-1:0];
  wire signed [IW-1:0]    ul_im = x_user[0] ? x_word[IW-1:0] : x_word[2*IW-1:IW];

  function automatic logic [WIDTH-1:0] saturate(input logic [IW-1:0] v);
    if (v[IW-1:IW-3] == 3'b000 || v[IW-1:IW-3] == 3'b111) saturate = v[WIDTH-1:0];
    else saturate = {v[IW-1], {(WIDTH - 1){!v[IW-1]}}};
  endfunction

  wire freed = q_valid && q_last && out_en;

  always_ff @(posedge clk) begin
    if (ul_read) begin
      ul_count <= ul_count + 1'b1;
      q_last   <= ul_count == 6'd63;
      ul_done  <= ul_count == 6'd63;
    end
    if (freed) ul_done <= 1'b0;
    if (out_en) begin
      q_valid       <= ul_read;
      x_valid       <= q_valid;
      m_axis_tvalid <= x_valid;
      if (q_valid) begin
        x_word <= ul_bank ? bank1_q : bank0_q;
        x_user <= user[ul_bank];
        x_last <= q_last;
      end
      if (x_valid) begin
        m_axis_tdata <= {saturate(ul_im), saturate(ul_re)};
        m_axis_tuser <= x_user;
        m_axis_tlast <= x_last;
      end
    end
    if (rst) {ul_count, ul_done, q_valid, x_valid, m_axis_tvalid} <= '0;
  end

  // A bank changes hands ---------------------------------------------------------------

  always_ff @(posedge clk) begin
    if (ld_en && ld_last) begin
      loaded[ld_bank] <= 1'b1;
      ld_bank <= !ld_bank;
    end
    if (rd_en && rd_last) begin
      loaded[cp_bank]   <= 1'b0;
      computed[cp_bank] <= 1'b1;
      cp_bank <= !cp_bank;
    end
    if (freed) begin
      computed[ul_bank] <= 1'b0;
      ul_bank <= !ul_bank;
    end
    if (rst) begin
      loaded   <= '0;
      computed <= '0;
      {ld_bank, cp_bank, ul_bank} <= '0;
    end
  end

endmodule

`default_nettype wire

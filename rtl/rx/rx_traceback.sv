// rx_traceback - the survivor memory, and the way back through it: decisions in, octets out.
//
//                     base                    wr
//   decisions --> ... |  128 to decode | 128 to merge | new ... --> octets, first bit in [0]
//                     <----------- traced backwards ---|
//
// Two steps are read a clock (even and odd steps lie in memories of their own), so a trace over
// 256 steps takes as long as 128 new ones. After the 128 newest of them any two survivors have
// merged, for every code rate, and the state the trace began in no longer matters; the 128 older
// ones are decoded. finish says that no more decisions will come in this block: what is left, at
// most 256 steps, is traced from state 0, where the tail of a block leads.
//
// A trace yields the last bit first: octets are written downwards into a ring of 64 and shown
// to the reader when the trace is through. Only whole octets of the block are: the six
// tail bits, or what a block cut short leaves over, are not. The number of steps must be even.
//
// A quiet block (SIGNAL) goes without octets, at most 256 steps; its first 24 bits are in `bits`
// at done. go = 0 holds back traces of the others. s_ready falls early enough for three more.

`default_nettype none

module rx_traceback (
  input  wire  logic        clk,
  input  wire  logic        rst,              // synchronous, active high

  input  wire  logic        start,            // a new block; never between finish and done
  input  wire  logic        quiet,            // during a block
  input  wire  logic        go,

  input  wire  logic [63:0] s_data,           // rx_acs: decision[s] = oldest bit of the state before s
  input  wire  logic        s_valid,
  output       logic        s_ready,

  input  wire  logic        finish,           // until done
  output       logic        done,
  output       logic [23:0] bits,

  output       logic [7:0]  m_axis_tdata,
  output       logic        m_axis_tvalid,
  input  wire  logic        m_axis_tready
);

  // Survivor memory: 1024 steps ---------------------------------------------------------------

  (* no_rw_check *) logic [63:0] even [512];  // never read where they are written: see the assertion
  (* no_rw_check *) logic [63:0] odd  [512];
  logic [10:0] wr, base;                      // steps, modulo twice the size

  wire [10:0] fill = wr - base;

  always_ff @(posedge clk) begin
    s_ready <= fill < 11'd1015;                // of a clock ago: one more may have come
    if (s_valid && !wr[0]) even[wr[9:1]] <= s_data;
    if (s_valid &&  wr[0]) odd[wr[9:1]]  <= s_data;
  end

  // When to trace ---------------------------------------------------------------------------------

  logic       tracing;
  logic [6:0] top, rd;                        // the ring holds rd .. top - 1
  wire  [6:0] used = top - rd;

  wire ends = finish && fill <= 11'd256;
  wire room = quiet || (go && used <= (ends ? 7'd32 : 7'd48));

  // Decided a clock ahead, for the sake of Fmax: until then neither base nor, at the end, fill moves.
  logic launch, last;

  always_ff @(posedge clk) begin
    launch <= !tracing && !launch && room && (ends ? fill != 0 : fill >= 11'd256);
    last   <= ends;
    if (rst) launch <= 1'b0;
  end

  logic [8:0] span;                           // steps that the trace retires
  logic [5:0] octets;                         // .. and the whole octets in them
  wire  [8:0] launch_span = last ? fill[8:0] : 9'd128;

  // Two steps a clock, newest first: address, memory, its output register, state ---------------------

  logic [8:0]  address;                       // of a pair of steps
  logic [6:0]  left_0, left_1, left_2, left_3;  // pairs that come after this one
  logic        valid_0, valid_1, valid_2, valid_3;
  logic [63:0] even_q, odd_q, even_qq, odd_qq;
  logic [5:0]  state;                         // after the odd step of the pair in _qq

  // Choosing both candidates of the even step beside the odd one costs a second wide
  // multiplexer and saves its delay.
  wire before_odd  = odd_qq[state];
  wire before_even = before_odd ? even_qq[{state[4:0], 1'b1}] : even_qq[{state[4:0], 1'b0}];

  wire finished = valid_3 && left_3 == 0;

  always_ff @(posedge clk) if (!rst) assert (!(s_valid && valid_0 && wr[9:1] == address));

  always_ff @(posedge clk) begin
    if (launch) begin
      address <= (last ? wr[9:1] : base[9:1] + 9'd128) - 9'd1;
      left_0  <= last ? fill[7:1] - 7'd1 : 7'd127;
      span    <= launch_span;
      octets  <= quiet ? '0 : launch_span[8:3];
    end
    if (valid_0) begin
      even_q  <= even[address];
      odd_q   <= odd[address];
      address <= address - 1'b1;
      left_0  <= left_0 - 1'b1;
      left_1  <= left_0;
    end
    if (valid_1) begin
      even_qq <= even_q;
      odd_qq  <= odd_q;
      left_2  <= left_1;
    end
    if (valid_2) begin
      bits   <= {bits[21:0], state[5], state[4]};
      left_3 <= left_2;
    end
    if (launch)       state <= '0;
    else if (valid_2) state <= {state[3:0], before_odd, before_even};

    {valid_3, valid_2, valid_1} <= {valid_2, valid_1, valid_0};
    if (launch)                       valid_0 <= 1'b1;
    else if (left_0 == 0)             valid_0 <= 1'b0;
    if (launch)        tracing <= 1'b1;
    else if (finished) tracing <= 1'b0;
    if (rst) {tracing, valid_3, valid_2, valid_1, valid_0} <= '0;
  end

  always_ff @(posedge clk) begin
    if (s_valid)  wr   <= wr + 1'b1;
    if (finished) base <= base + {2'b0, span};
    if (start) {wr, base} <= '0;
    done <= finish && !tracing && fill == 0 && !done;
    if (rst) begin
      {wr, base} <= '0;
      done <= 1'b0;
    end
  end

  // The ring of octets --------------------------------------------------------------------------------

  logic [7:0] ring [64];
  wire [4:0]  octet = left_3[6:2];            // counted from base
  wire        write = valid_3 && left_3[1:0] == 0 && {1'b0, octet} < octets;

  assign m_axis_tvalid = used != 0;
  assign m_axis_tdata  = ring[rd[5:0]];

  always_ff @(posedge clk) begin
    if (write) ring[top[5:0] + {1'b0, octet}] <= bits[7:0];
  end

  always_ff @(posedge clk) begin
    if (finished) top <= top + {1'b0, octets};
    if (m_axis_tvalid && m_axis_tready) rd <= rd + 1'b1;
    if (rst) {top, rd} <= '0;
  end

endmodule

`default_nettype wire

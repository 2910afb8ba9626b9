// framer_gate - the last step to the antenna: samples leave at their time, to the sample, or not at all.
//
//   s_axis --> [ gate ] --> tx_i, tx_q         Closed -> Waiting -> Open -> Closed
//                 ^ sample, now                              \-> Drain -/
//
// In a clock with `sample` the antenna's registers take the sample of time `now`: s_axis's if the gate is open, else zero.
// `start` (while closed) arms it for the stream that follows, up to its tlast: for `time_at` if `timed`, which must
// stand still until the gate is closed again, else as soon as there is a sample. Outcomes, told by `done`:
//
//   Sent      every sample left, each in its time
//   Late      `time_at` passed before the first sample was there; the stream is drained, nothing leaves
//   Underrun  a sample was missing when its time came. A frame is cut there and its rest drained; a
//             stream that may `resume` (I/Q) goes on when it can and has then had a gap
//
// `stop` ends a stream that came without tlast: the user sees to it that nothing of it is inside.

`default_nettype none

module framer_gate (
  input  wire  logic        clk,
  input  wire  logic        rst,               // synchronous, active high
  input  wire  logic        sample,            // sample strobe, at least 4 clocks apart
  input  wire  logic [63:0] now,               // time of the sample that the next strobe takes

  input  wire  logic        start,
  input  wire  logic        stop,
  input  wire  logic        timed,
  input  wire  logic        resume,
  input  wire  logic [63:0] time_at,
  output       logic        passed,            // `time_at` lies behind; follows it by one clock

  input  wire  logic [31:0] s_axis_tdata,
  input  wire  logic        s_axis_tlast,
  input  wire  logic        s_axis_tvalid,
  output       logic        s_axis_tready,

  output       logic [15:0] tx_i,
  output       logic [15:0] tx_q,
  output       logic        tx_active,         // tx_i and tx_q are samples of a stream

  output       logic        done,              // for one clock, the gate is closed again
  output       logic [1:0]  done_status,       // 0 sent, 1 late, 2 underrun
  output       logic [63:0] done_time,         // of the first sample; late: when that was found
  output       logic        event_underrun,
  output       logic        closed,
  output       logic        waiting,           // for its time
  output       logic        open
);

  localparam logic [1:0] SENT = 2'd0, LATE = 2'd1, UNDERRUN = 2'd2;

  typedef enum logic [1:0] {Closed, Waiting, Open, Drain} state_e;
  logic [1:0] state;
  logic       due;                             // time_at == now
  logic       by_time;                         // the first sample waits for time_at
  logic       begun;                           // the first sample has left
  logic [1:0] status;

  wire ready_now = state == Open || (state == Waiting && (!by_time || due));
  wire leaves    = sample && ready_now && s_axis_tvalid;
  wire missing   = sample && ready_now && !s_axis_tvalid;
  wire resumes   = leaves && state == Waiting && begun;
  wire ended     = s_axis_tvalid && s_axis_tready && s_axis_tlast;

  assign s_axis_tready = state == Drain || (sample && ready_now);
  assign closed  = state == Closed;
  assign waiting = state == Waiting && by_time;
  assign open    = state == Open;

  // The antenna moves with the strobe alone, the comparison in the clocks between.
  always_ff @(posedge clk) begin
    due    <= time_at == now;
    passed <= time_at < now;
    if (sample) begin
      {tx_q, tx_i} <= leaves ? s_axis_tdata : '0;
      tx_active    <= leaves;
    end
    if (rst) {tx_q, tx_i, tx_active} <= '0;
  end

  always_ff @(posedge clk) begin
    done           <= 1'b0;
    event_underrun <= 1'b0;

    case (state)
      Closed: if (start) begin
        state   <= Waiting;
        by_time <= timed;
        begun   <= 1'b0;
        status  <= SENT;
      end
      Waiting: begin
        if (leaves) begin
          state <= Open;
          begun <= 1'b1;
          if (!begun) done_time <= now;
          if (resumes) begin
            status         <= UNDERRUN;
            event_underrun <= 1'b1;
          end
        end else if (by_time && (missing || passed)) begin
          state     <= Drain;
          status    <= LATE;
          done_time <= now;
        end
      end
      Open: if (missing) begin
        state   <= resume ? Waiting : Drain;
        by_time <= 1'b0;
        if (!resume) begin
          status         <= UNDERRUN;
          event_underrun <= 1'b1;
        end
      end
      default: ;
    endcase

    if (ended || stop) begin
      state       <= Closed;
      done        <= 1'b1;
      done_status <= resumes ? UNDERRUN : status;      // the last sample may be the one behind the gap
    end
    if (rst) begin
      state <= Closed;
      done  <= 1'b0;
    end
  end

`ifdef FORMAL
  initial assume (rst);
  // The caller: strobes four clocks apart, and time moves with them alone; time_at and resume stand still while the gate is not closed;
  // start finds it closed, with time_at steady for two clocks; stop finds it open.
  logic [1:0] since;                           // clocks since the strobe, up to 3
  logic [1:0] live;                            // clocks since the reset, up to 3
  always @(posedge clk) begin
    since  <= sample ? '0 : since == 2'd3 ? 2'd3 : since + 1'b1;
    live   <= live == 2'd3 ? 2'd3 : live + 1'b1;
    if (rst) {since, live} <= '0;
  end
  always @(posedge clk) if (!rst) begin
    if (state == Closed) assume (!stop);
    if (stop)            assume (begun || state == Drain);
    if (live < 2'd2)     assume (!start);
  end
  always @(posedge clk) if (!rst && live >= 2'd1) begin
    assume (now == $past(now) + 64'($past(sample)));
    assume (!sample || since == 2'd3);
    if (state != Closed || start) assume (live >= 2'd2 && $stable(time_at) && $past(time_at, 2) == time_at);
    if (state != Closed) assume ($stable(resume) && !start);
    assume (now < 64'hffff_ffff_ffff_0000);
    if ($past(s_axis_tvalid && !s_axis_tready)) assume (s_axis_tvalid && $stable({s_axis_tlast, s_axis_tdata}));
  end

  logic        fresh;                          // a started stream has not yet been told of
  logic [63:0] first_time;                     // of its first sample
  logic [63:0] last_told;
  logic        any_told;

  always @(posedge clk) begin
    if (start && state == Closed) fresh <= 1'b1;
    if (leaves && !begun) first_time <= now;
    if (ended || stop) fresh <= 1'b0;
    if (done) begin
      last_told <= done_time;
      any_told  <= 1'b1;
    end
    if (rst) {fresh, any_told} <= '0;
  end

  always @(posedge clk) if (!rst && live >= 2'd2) begin
    assert (state != Open || begun);
    assert (state != Waiting || !begun || !by_time);
    assert (fresh == (state != Closed));                            // each start is told of once, at its end
    if (done) assert ($past(fresh));
    if (state != Closed && since != 0) assert (due == (time_at == now));
    if (leaves && !begun && by_time) assert (now == time_at);       // in its time, to the sample
    if (begun && state != Closed) assert (done_time == first_time && first_time <= now);
    if ($past(sample)) assert (tx_active == $past(leaves));         // to the antenna, or zero
    if ($past(sample)) assert ({tx_q, tx_i} == ($past(leaves) ? $past(s_axis_tdata) : 32'd0));
    if (!$past(sample)) assert ($stable({tx_q, tx_i, tx_active}));
    if (any_told || state == Drain || done) assert (done_time <= now);
    if (any_told) assert (done_time >= last_told);                  // times told never go back
  end
`endif

endmodule

`default_nettype wire

// rx_acquire - from antenna samples to blocks of 64 for the transform, free of carrier offset.
//
//   s_axis --+--> [ ring of 1024 samples ] --> rotate, scale --+--> m_axis (blocks)
//            |            ^ read again        ^ offset         +--> sync: where the long symbols end
//            +--> detect -+-------------------+---- angle <----+--> fine: what offset is left
//
// Samples cannot wait, decisions take time: so every sample goes into a ring and a reader follows, twice as fast as
// they come, and goes back where it must:
//
//   Search  from the peak of the short symbols' correlation on, with the coarse offset: find the end n of the long symbols;
//           that offset is known but for 1/16 turn a sample: where it is large, the search is made with both
//   Fine    both long symbols: the rest of the offset, and the energy
//   Load    long, long, SIGNAL, data symbols..., each from EARLY samples before its place, inside its prefix
//
// until the back half says `frame_done`, or refuses the SIGNAL, or the frame is gone (`lost`): three data symbols 12 dB below the
// long ones, or inside the data a detection with |P| >= 5/8 R, which data never reach but a new preamble 2 dB above what
// else is in the air does. The new frame is then taken, so a frame cut off makes nobody deaf for the time that it claimed. Every sample is scaled by a power of two that brings the short symbols
// to an rms of 2^11 to 2^12. A detection that comes while a frame is in work waits, if it is behind the frame.

`default_nettype none

module rx_acquire (
  input  wire  logic               clk,
  input  wire  logic               rst,          // synchronous, active high
  input  wire  logic               enable,       // begin new frames

  input  wire  logic        [31:0] s_axis_tdata, // {q, i}, s1.15; at least four clocks apart
  input  wire  logic        [63:0] s_axis_tuser, // time of the sample
  input  wire  logic               s_axis_tvalid,

  output       logic        [31:0] m_axis_tdata, // {q, i}
  output       logic        [1:0]  m_axis_tuser, // 0 first long symbol, 1 second, 2 SIGNAL, 3 data
  output       logic               m_axis_tvalid,
  input  wire  logic               m_axis_tready, // asked at the beginning of a block only

  input  wire  logic               signal_valid, // SIGNAL was decoded
  input  wire  logic               signal_ok,
  input  wire  logic               symbol_done,  // a data symbol was handed over
  input  wire  logic               frame_done,   // the frame's last symbol was handed over
  input  wire  logic               going,        // more than four symbols are to be handed over: it can be lost
  output       logic               flush,        // what is in transform and equaliser is void
  output       logic               lost,         // a pulse: the frame in work has no more symbols

  output       logic        [31:0] energy,       // of a sample of the long symbols, LSB^2
  output       logic signed [31:0] offset,       // turns per sample, s0.32
  output       logic        [63:0] start_time,   // of the first short symbol

  output       logic               event_detected,
  output       logic               busy,

  input  wire  logic               awake,        // somebody behind needs back_clk
  output       logic               back_clk      // clk, for all behind the detector: may stand while nothing is in work
);

  localparam int unsigned EARLY   = 4;           // samples before the nominal start of a symbol
  localparam int unsigned SEARCH  = 198;         // samples read to find the long symbols
  localparam int unsigned SKIP    = 3;           // from the peak of detection to the first of them
  localparam logic [8:0]  CLEAR   = 9'd72;       // a correlation that one search in noise of 25 reaches
  localparam logic [11:0] STALE   = 12'd600;     // a detection older than this has left the ring too soon
  localparam logic [16:0] FAR     = 17'd53248;   // 13/64 turn in 16 samples: 254 kHz at 20 MS/s; reaches 249 kHz at 5 MS/s
  localparam logic [4:0]  DRAIN   = 5'd19;       // clocks until the last sample read is through, less the one in which that is known

  typedef enum logic [2:0] {Idle, Coarse, Search, Found, Fine, Angle, Load, Flush} state_e;

  logic [2:0] state;
  wire        search_clk;                        // back_clk, for what has its say before Load

  // Ring and detector ----------------------------------------------------------------------------------

  (* no_rw_check *)                              // never read where it is written: see the assertion
  logic [31:0] ring [1024];
  logic [11:0] wr;                               // number of the next sample
  logic [63:0] newest_time;                      // of sample wr - 1
  logic [7:0]  loud;                             // samples until the detector has forgotten the last that was not zero

  always_ff @(posedge clk) begin
    if (s_axis_tvalid) begin
      ring[wr[9:0]] <= s_axis_tdata;
      wr            <= wr + 1'b1;
      newest_time   <= s_axis_tuser;
      if (s_axis_tdata != 0) loud <= '1;
      else if (loud != 0)    loud <= loud - 1'b1;
    end
    if (rst) {wr, loud} <= '0;
  end

  logic               event_valid;
  logic        [11:0] event_index;
  logic signed [32:0] event_re, event_im;
  logic        [32:0] event_energy;
  logic               event_strong;

  rx_detect i_detect (
    .clk, .rst, .s_axis_tdata, .s_axis_tuser(wr), .s_axis_tvalid,
    .event_valid, .event_index, .event_re, .event_im, .event_energy, .event_strong
  );

  logic               pending;
  logic        [11:0] peak;
  logic signed [32:0] peak_re, peak_im;
  logic         [5:0] event_top, peak_top;       // floor(log2(energy)): of the detector's last peak, told some samples later; at `peak`
  logic        [11:0] rd;                        // number of the next sample to read
  logic        [11:0] frame_end;                 // first sample after the symbols handed over so far
  logic               behind;                    // the detection lies behind them
  logic               stale;
  logic               fresh;                     // it came a clock ago: these two speak of the one before it
  logic               done_well;                 // the last frame came to its end

  logic        [3:0]  flushing;

  wire begin_frame = state == Idle && pending && enable;

  /* verilator lint_off UNUSEDSIGNAL */             // only its sign counts
  wire [11:0] age   = wr - peak;
  wire [11:0] ahead = peak - frame_end;
  /* verilator lint_on UNUSEDSIGNAL */

  always_ff @(posedge back_clk) begin
    stale  <= pending && age > STALE;
    behind <= !ahead[11];
    fresh  <= event_valid;
    if (event_valid) begin
      pending     <= 1'b1;
      peak        <= event_index;
      peak_re     <= event_re;
      peak_im     <= event_im;
      peak_top    <= event_top;
    end else if (begin_frame || (!fresh && (stale || (state == Flush && flushing[3] && done_well && !behind)))) begin
      pending <= 1'b0;
    end
    if (rst) pending <= 1'b0;
  end

  // Offset: coarse from the short symbols, fine from the long ones -----------------------------------------

  logic               angle_done, fine_done;
  logic signed [39:0] fine_re, fine_im;
  logic signed [17:0] angle;
  logic        [39:0] fine_energy;

  wire coarse     = state == Idle;
  wire sync_start = state == Coarse;
  wire sync_again = state == Found;
  wire fine_start = state == Found;

  rx_angle #(.IN(40)) i_angle (
    .clk(search_clk), .rst, .x(coarse ? 40'(peak_re) : fine_re), .y(coarse ? 40'(peak_im) : fine_im),
    .start(begin_frame || (state == Fine && fine_done)), .done(angle_done), .angle
  );

  // Scale: rms^2 = event_energy / 2 lies in [2^(top-1), 2^top); gain 2^shift, drop = 15 - shift --------------

  function automatic logic [5:0] top_bit(input logic [32:0] v);
    top_bit = '0;
    for (int i = 0; i < 33; i++) if (v[i]) top_bit = 6'(i);
  endfunction

  logic [5:0] top;
  logic [4:0] drop;

  always_ff @(posedge clk) if (s_axis_tvalid) event_top <= top_bit(event_energy);

  wire [4:0] drop_wide = 5'((6'd7 + top) >> 1);    // 15 - floor((24 - top) / 2) = floor((7 + top) / 2)

  // Reader: one sample in two clocks -------------------------------------------------------------------------

  logic [7:0]  left;                             // samples still to read
  logic [4:0]  drain;
  logic        read_beat, read_valid;
  logic [31:0] nco;
  logic [31:0] sample;
  logic [9:0]  sample_phase;

  wire [11:0] written = wr - rd;                 // less than nothing where the prefix ahead was skipped
  logic some;                                    // there was something to read a clock ago; a clock without reading follows what moves rd
  wire read = some && !read_beat;
  logic read_all;                                // known a clock late, and never before there is something to read

  logic [1:0]  kind;                             // of the block to read next
  logic        loading;                          // it is being read
  wire block_end = state == Load && loading && read_all;

  logic signed [15:0] turned_re, turned_im;
  logic               turned_valid;

  rx_rotate #(.IN(16), .OUT(16)) i_rotate (
    .clk(back_clk), .rst, .s_re(sample[15:0]), .s_im(sample[31:16]), .s_phase(sample_phase), .s_valid(read_valid), .drop,
    .m_re(turned_re), .m_im(turned_im), .m_valid(turned_valid)
  );

  logic [8:0] best;
  logic [7:0] best_at;

  rx_sync #(.FIRST(127)) i_sync (
    .clk(search_clk), .rst, .start(sync_start), .again(sync_again), .s_i(turned_re[15]), .s_q(turned_im[15]),
    .s_valid(turned_valid && state == Search), .best, .best_at
  );

  rx_fine i_fine (
    .clk(search_clk), .rst, .start(fine_start), .s_re(turned_re), .s_im(turned_im), .s_valid(turned_valid && state == Fine),
    .done(fine_done), .p_re(fine_re), .p_im(fine_im), .energy(fine_energy)
  );

  assign m_axis_tdata  = {turned_im, turned_re};
  assign m_axis_tvalid = turned_valid && state == Load;

  // Level of a block, |re| + |im| summed: is there still a signal? -----------------------------------------

  logic [16:0] size;                             // of a sample; its absolute values are one LSB off where negative
  logic [22:0] level, level_long;
  logic        size_valid;
  logic [1:0]  faint;                            // data blocks in a row

  wire [15:0] size_re = turned_re ^ {16{turned_re[15]}};
  wire [15:0] size_im = turned_im ^ {16{turned_im[15]}};

  always_ff @(posedge back_clk) begin
    size_valid <= m_axis_tvalid;
    if (m_axis_tvalid) size  <= {1'b0, size_re} + {1'b0, size_im};
    if (size_valid)    level <= level + {6'd0, size};
    if (block_end) begin
      level <= '0;
      if (kind == 2'd0) level_long <= level;
      if (kind == 2'd3) faint <= level < level_long >> 2 ? (faint == 2'd3 ? 2'd3 : faint + 1'b1) : '0;
    end
    if (state != Load) {level, faint} <= '0;
  end

  // Order of work ----------------------------------------------------------------------------------------------

  logic [11:0] first;                            // peak of the detection in work
  logic [39:0] energy_wide;
  logic [4:0]  energy_drop;                      // moves to 15 as the scale is taken out of the energy

  logic        far;                              // the other offset is to be searched with, too
  logic        searched;                         // it was
  logic [8:0]  best_before;

  wire [16:0] angle_size   = angle[16:0] ^ {17{angle[17]}};
  wire [31:0] other_offset = offset + {offset[31] ? 4'h1 : 4'hf, 28'd0};      // 1/16 turn a sample away
  wire        gone    = going && (faint == 2'd3 || (event_valid && event_strong));
  wire [11:0] last    = first + 12'(SKIP) + {4'd0, best_at};       // the long symbols' last sample
  wire [11:0] at_long = last - 12'd127 - 12'(EARLY);
  logic [11:0] settled;                                  // `last`, when it no longer moves
  wire [11:0] elapsed = wr - 12'd1 - settled;
  logic [12:0] begun;                                    // samples ago
  logic        to_begin;                                 // start_time is still now's

  assign m_axis_tuser = kind;

  always_ff @(posedge back_clk) begin
    event_detected <= begin_frame;
    lost           <= 1'b0;
    settled        <= last;
    to_begin       <= 1'b0;
    if (to_begin) start_time <= start_time - {51'd0, begun};
    read_beat      <= read;
    some           <= left != 0 && written != 0 && !written[11];
    read_valid     <= read;
    if (read) begin
      sample       <= ring[rd[9:0]];
      sample_phase <= nco[31:22];
      nco          <= nco + offset;
      rd           <= rd + 1'b1;
      left         <= left - 1'b1;
    end
    read_all <= left == 0 && drain == 0;
    if (left != 0)       drain <= DRAIN;
    else if (drain != 0) drain <= drain - 1'b1;

    case (state)
      Idle: if (begin_frame) begin
        first <= peak;
        top   <= peak_top;
        state <= Coarse;
      end
      Coarse: begin
        drop     <= drop_wide;
        searched <= 1'b0;
        if (angle_done) begin
          far    <= angle_size >= FAR;
          offset <= 32'(angle) <<< 10;           // a turn in 16 samples is 2^28
          nco    <= '0;
          rd     <= first + 12'(SKIP);
          left   <= 8'(SEARCH);
          read_all <= 1'b0;
          state  <= Search;
          read_beat <= 1'b1;
        end
      end
      Search: if (read_all) state <= Found;
      Found: begin
        nco         <= '0;
        read_beat   <= 1'b1;
        done_well   <= 1'b0;
        best_before <= best;
        if (far && !searched) begin
          searched <= 1'b1;
          offset   <= other_offset;
          rd       <= first + 12'(SKIP);
          left     <= 8'(SEARCH);
          read_all <= 1'b0;
          state    <= Search;
        end else begin
          if (searched && best == best_before) offset <= other_offset;       // the first was the better one
          rd       <= at_long;
          left     <= 8'd128;
          state    <= best >= CLEAR ? Fine : Flush;
        end
      end
      Fine: if (fine_done) begin
        start_time  <= newest_time;
        begun       <= {1'b0, elapsed} + 13'd319;
        to_begin    <= 1'b1;
        energy_wide <= fine_energy >> 6;
        energy_drop <= drop;
        state       <= Angle;
      end
      Angle: if (angle_done) begin
        offset  <= offset + (32'(angle) <<< 8);  // a turn in 64
        nco     <= '0;
        rd      <= at_long;
        kind    <= '0;
        loading <= 1'b0;
        frame_end <= last + 12'd81;              // of SIGNAL
        state   <= Load;
      end
      Load: begin
        if (!loading && m_axis_tready) begin
          loading  <= 1'b1;
          left     <= 8'd64;
          read_all <= 1'b0;
        end else if (block_end) begin
          loading <= 1'b0;
          if (kind != 2'd0) begin                // over the next symbol's prefix
            rd  <= rd + 12'd16;
            nco <= nco + (offset <<< 4);
          end
          if (kind != 2'd3) kind <= kind + 1'b1;
        end
        if (frame_done || (signal_valid && !signal_ok)) begin
          done_well <= frame_done;
          state     <= Flush;
        end else if (gone) begin
          lost  <= 1'b1;
          state <= Flush;
        end
      end
      default: begin                             // Flush
        left     <= '0;
        flushing <= flushing + 1'b1;
        if (flushing == 4'd15) state <= Idle;
      end
    endcase

    if (symbol_done) frame_end <= frame_end + 12'd80;
    if (energy_drop < 5'd15) begin               // it was scaled up
      energy_wide <= energy_wide >> 2;
      energy_drop <= energy_drop + 1'b1;
    end
    if (energy_drop > 5'd15) begin
      energy_wide <= energy_wide << 2;
      energy_drop <= energy_drop - 1'b1;
    end

    if (rst) begin
      state <= Idle;
      {left, drain, flushing, event_detected, lost, read_valid, done_well} <= '0;
      energy_drop <= 5'd15;
    end
  end

  always_ff @(posedge back_clk) if (!rst) begin
    assert (!(s_axis_tvalid && read && wr[9:0] == rd[9:0]));       // ring
    assert (!read || (written != 0 && !written[11]));
  end

  assign flush  = state == Flush;
  assign energy = energy_wide[31:0];
  assign busy   = loud != 0 || state != Idle || pending;

  clock_gate i_back (.clk, .rst, .awake(awake || event_valid || pending || state != Idle), .gated(back_clk));
  clock_gate i_search (.clk(back_clk), .rst, .awake(state != Load), .gated(search_clk));

endmodule

`default_nettype wire

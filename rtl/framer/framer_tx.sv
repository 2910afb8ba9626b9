// framer_tx - the transmit side of the framer: takes frames and I/Q packets in order, sends each in its time.
//
//   s_axis --> [ queue ] --> [ sequencer ] --desc, octets (+ FCS)--> m_desc, m_axis --> tx
//                                 |                                                      |
//                                 |--I/Q samples--+           s_wave <-------------------+
//                                 |               v              v
//                              [ gate ] <-- [ fifo ] <-- [ scale ] (one of the two)
//                                 |
//                                 +--> antenna           m_status: TX_STATUS packets
//
// One frame is under way at a time: its first samples are computed ahead, the gate holds them until its time.
// So a frame's descriptor, octets, amplitude and status cannot part. I/Q packets
// of one burst run into each other: the fifo covers the change from one to the next.
//
// s_axis is hostlink_rx's m_axis: packets whole, lengths checked. Field checks are here (status 3, refused).

`default_nettype none

module framer_tx #(
  parameter int unsigned QUEUE_WORDS = 4096
) (
  input  wire  logic        clk,
  input  wire  logic        rst,               // synchronous, active high
  input  wire  logic        sample,
  input  wire  logic [63:0] now,

  input  wire  logic [31:0] s_axis_tdata,
  input  wire  logic [31:0] s_axis_tuser,
  input  wire  logic        s_axis_tlast,
  input  wire  logic        s_axis_tvalid,
  output       logic        s_axis_tready,

  output       logic [3:0]  m_desc_rate,       // to tx
  output       logic [11:0] m_desc_length,
  output       logic [6:0]  m_desc_seed,
  output       logic        m_desc_tvalid,
  input  wire  logic        m_desc_tready,
  output       logic [7:0]  m_axis_tdata,
  output       logic        m_axis_tvalid,
  input  wire  logic        m_axis_tready,

  input  wire  logic [31:0] s_wave_tdata,      // from tx
  input  wire  logic        s_wave_tlast,
  input  wire  logic        s_wave_tvalid,
  output       logic        s_wave_tready,

  output       logic [15:0] tx_i,
  output       logic [15:0] tx_q,
  output       logic        tx_active,

  output       logic [31:0] m_status_tdata,    // TX_STATUS
  output       logic        m_status_tlast,
  output       logic        m_status_tvalid,
  input  wire  logic        m_status_tready,

  output       logic        event_sent,
  output       logic        event_late,
  output       logic        event_underrun,

  output       logic        idle,              // nothing to do until new words or, if `waiting`, `start_time`
  output       logic        working,           // on something that needs no sample strobe
  output       logic        waiting,
  output       logic [63:0] start_time
);

  localparam logic [1:0] SENT = 2'd0, LATE = 2'd1, REFUSED = 2'd3;

  typedef enum logic [3:0] {
    Head, Fields, Settle, Check, Skip, Describe, Octets, Fcs, Samples, Finish, Report
  } state_e;
  logic [3:0] state;

  // The queue --------------------------------------------------------------------------

  logic [31:0] word;
  logic        word_last, word_valid, word_ready, queue_empty;

  fifo_frame #(.WIDTH(32), .DEPTH(QUEUE_WORDS)) queue (
    .clk, .rst, .s_drop(1'b0),
    .s_axis_tdata, .s_axis_tuser, .s_axis_tlast, .s_axis_tvalid, .s_axis_tready,
    .m_axis_tdata(word), .m_axis_tlast(word_last), .m_axis_tvalid(word_valid), .m_axis_tready(word_ready),
    .empty(queue_empty)
  );

  // What the packet at the head says ---------------------------------------------------

  logic        is_iq;
  logic [2:0]  field;                          // next descriptor word: 0 and 1 as sent, 2 tag, 3 and 4 time
  logic [15:0] payload, length, amplitude;
  logic [7:0]  version, mbps, seed;
  logic        timed;
  logic        option;                         // frame: APPEND_FCS, I/Q: END_BURST
  logic        bare;                           // I/Q without samples: does nothing but end a burst
  logic [31:0] tag;
  logic [6:0]  own_seed;                       // x^7 + x^4 + 1, never 0

  logic [4:0]  rate;                           // {known, RATE field}
  always_comb begin
    case (mbps)
      8'd6:    rate = {1'b1, ofdm_pkg::Rate6};
      8'd9:    rate = {1'b1, ofdm_pkg::Rate9};
      8'd12:   rate = {1'b1, ofdm_pkg::Rate12};
      8'd18:   rate = {1'b1, ofdm_pkg::Rate18};
      8'd24:   rate = {1'b1, ofdm_pkg::Rate24};
      8'd36:   rate = {1'b1, ofdm_pkg::Rate36};
      8'd48:   rate = {1'b1, ofdm_pkg::Rate48};
      8'd54:   rate = {1'b1, ofdm_pkg::Rate54};
      default: rate = '0;
    endcase
  end

  wire frame_good = version == 8'd1 && rate[4] && length[15:12] == 0 && !seed[7] &&
                    length == payload + (option ? 16'd4 : 16'd0);

  assign m_desc_rate   = rate[3:0];
  assign m_desc_length = length[11:0];
  assign m_desc_seed   = seed[6:0] == 0 ? own_seed : seed[6:0];
  assign m_desc_tvalid = state == Describe;

  // The gate and what leads to it -------------------------------------------------------

  logic        gate_start, gate_stop, gate_timed, gate_passed, gate_closed, gate_waiting, gate_open;
  logic        gate_done;
  logic [1:0]  gate_status;
  logic [63:0] gate_time;
  logic        burst;                          // an I/Q burst has begun and not ended
  logic        burst_lost;                     // its beginning was late: the rest goes the same way

  wire [31:0]  scale_data, scaled_data, wave_data;
  wire         scale_last, scale_valid, scale_ready, scaled_last, scaled_valid, scaled_ready;
  wire         wave_last, wave_valid, wave_ready, scale_empty;

  assign scale_data    = is_iq ? word : s_wave_tdata;
  assign scale_last    = is_iq ? word_last && option : s_wave_tlast;
  assign scale_valid   = is_iq ? word_valid && state == Samples : s_wave_tvalid;
  assign s_wave_tready = !is_iq && scale_ready;

  framer_scale scale (
    .clk, .rst, .amplitude(is_iq ? 16'hFFFF : amplitude), .empty(scale_empty),
    .s_axis_tdata(scale_data), .s_axis_tlast(scale_last),
    .s_axis_tvalid(scale_valid), .s_axis_tready(scale_ready),
    .m_axis_tdata(scaled_data), .m_axis_tlast(scaled_last),
    .m_axis_tvalid(scaled_valid), .m_axis_tready(scaled_ready)
  );

  fifo #(.WIDTH(33), .DEPTH(16)) ahead (
    .clk, .rst,
    .s_axis_tdata({scaled_last, scaled_data}), .s_axis_tvalid(scaled_valid), .s_axis_tready(scaled_ready),
    .m_axis_tdata({wave_last, wave_data}), .m_axis_tvalid(wave_valid), .m_axis_tready(wave_ready)
  );

  framer_gate gate (
    .clk, .rst, .sample, .now,
    .start(gate_start), .stop(gate_stop), .timed(gate_timed), .resume(is_iq), .time_at(start_time),
    .passed(gate_passed),
    .s_axis_tdata(wave_data), .s_axis_tlast(wave_last), .s_axis_tvalid(wave_valid), .s_axis_tready(wave_ready),
    .tx_i, .tx_q, .tx_active,
    .done(gate_done), .done_status(gate_status), .done_time(gate_time), .event_underrun,
    .closed(gate_closed), .waiting(gate_waiting), .open(gate_open)
  );

  wire  path_empty = scale_empty && !wave_valid;
  logic drained;                               // the same a clock late: short paths, and a packet takes many clocks

  always_ff @(posedge clk) drained <= path_empty;

  // The sequencer -----------------------------------------------------------------------

  logic [1:0]  byte_at;                        // next octet of `word`
  logic [15:0] octets_left;
  logic [1:0]  fcs_at;
  logic [31:0] crc, crc_next;
  logic        closed_too;                     // the gate has reported on this frame
  logic [1:0]  status;
  logic [63:0] status_time;
  logic        report_room;
  logic [1:0]  report_at;                      // word of the report: 0 status, 1 and 2 time

  /* verilator lint_off UNUSEDSIGNAL */
  wire         fcs_good;                       // a receiver's question
  /* verilator lint_on UNUSEDSIGNAL */
  wire [7:0]   octet = state == Fcs ? ~crc[8 * fcs_at +: 8] : word[8 * byte_at +: 8];
  framer_fcs fcs (.crc, .octet(m_axis_tdata), .next(crc_next), .good(fcs_good));

  // One every other clock at most, where tx takes one in eight: so nothing here hangs on its tready.
  wire octet_taken = !m_axis_tvalid && (state == Fcs || (state == Octets && word_valid));
  wire octet_last  = octets_left == 16'd1;
  logic summed;                                  // the octet that leaves is to go into the FCS: a clock behind it, which none needs
  wire late        = timed && gate_passed;

  // A packet that does not go on with the burst waits for the burst's samples to have left, then shuts it;
  // `hold`: until then the gate may still look at the burst's own start_time.
  // (Known a clock ahead: `timed` comes with the second field.)
  logic holds;
  always_ff @(posedge clk) holds <= timed && burst && !drained;

  wire hold    = state == Fields && holds && field >= 3'd3;
  wire goes_on = is_iq && burst && (bare || !timed);
  wire shut    = state == Check && burst && !goes_on;
  wire finale  = state == Check && goes_on && bare && option && !burst_lost;
  assign gate_stop  = (shut || finale) && drained && !gate_closed;
  assign gate_timed = timed;

  wire word_taken = word_valid && word_ready;

  always_comb begin
    case (state)
      Head, Skip:   word_ready = 1'b1;
      Fields:       word_ready = !hold;
      Octets:       word_ready = octet_taken && (octet_last || byte_at == 2'd3);
      Samples:      word_ready = scale_ready;
      default:      word_ready = 1'b0;
    endcase
  end

  always_ff @(posedge clk) begin
    if (m_axis_tready) m_axis_tvalid <= 1'b0;
    if (octet_taken) begin
      m_axis_tvalid <= 1'b1;
      m_axis_tdata  <= octet;
    end
    if (rst) m_axis_tvalid <= 1'b0;
  end

  always_ff @(posedge clk) begin
    gate_start <= 1'b0;
    event_sent <= 1'b0;
    event_late <= 1'b0;
    if (gate_done) closed_too <= 1'b1;
    summed <= octet_taken && state == Octets;
    if (summed) crc <= crc_next;

    case (state)
      Head: if (word_valid) begin
        is_iq   <= word[16];
        payload <= word[15:0];
        field   <= {2'd0, word[16]};           // I/Q has no word 0
        state   <= Fields;
      end

      Fields: if (word_taken) begin
        field <= field + 1'b1;
        case (field)
          3'd0: {length, mbps, version} <= word;
          3'd1: begin
            {amplitude, seed} <= word[31:8];
            {option, timed}   <= word[1:0];
          end
          3'd2: tag <= word;
          3'd3: if (timed) start_time[31:0] <= word;
          default: begin
            if (timed) start_time[63:32] <= word;
            bare  <= word_last;
            state <= Settle;
          end
        endcase
      end

      Settle: state <= Check;                  // gate_passed looks at start_time

      Check: begin
        octets_left <= payload;
        byte_at     <= '0;
        fcs_at      <= '0;
        crc         <= '1;
        status_time <= now;
        if (shut) begin
          if (drained) burst <= 1'b0;
        end else if (finale) begin
          if (drained) state <= Finish;
        end else if (is_iq && bare) begin
          status     <= burst_lost ? LATE : SENT;
          event_late <= option && burst_lost;
          state      <= option ? Report : Head;
          if (option) {burst, burst_lost} <= '0;
        end else if (is_iq) begin
          if (goes_on) begin
            state  <= burst_lost ? Skip : Samples;
            status <= LATE;
          end else begin
            closed_too <= 1'b0;
            burst      <= 1'b1;
            burst_lost <= late;
            status     <= LATE;
            gate_start <= !late;
            state      <= late ? Skip : Samples;
          end
        end else begin
          closed_too <= 1'b0;
          status     <= frame_good ? LATE : REFUSED;
          if (!frame_good || late) state <= Skip;
          else begin
            gate_start <= 1'b1;
            state      <= Describe;
          end
        end
      end

      Skip: if (word_valid && word_last) begin
        event_late <= status == LATE && (!is_iq || option);
        if (is_iq) begin
          state <= option ? Report : Head;
          if (option) {burst, burst_lost} <= '0;
        end else state <= Report;
      end

      Describe: if (m_desc_tready) begin
        state <= Octets;
        if (seed[6:0] == 0) own_seed <= {own_seed[5:0], own_seed[6] ^ own_seed[3]};
      end

      Octets: if (octet_taken) begin
        octets_left <= octets_left - 1'b1;
        byte_at     <= byte_at + 1'b1;
        if (octet_last) state <= option ? Fcs : Finish;
      end

      Fcs: if (octet_taken) begin
        fcs_at <= fcs_at + 1'b1;
        if (fcs_at == 2'd3) state <= Finish;
      end

      Samples: if (word_taken && word_last) state <= option ? Finish : Head;

      Finish: if (closed_too) begin
        status      <= gate_status;
        status_time <= gate_time;
        event_sent  <= gate_status == SENT && !is_iq;
        event_late  <= gate_status == LATE;
        state       <= Report;
        if (is_iq) burst <= 1'b0;
      end

      Report: if (report_room) begin
        report_at <= report_at + 1'b1;
        if (report_at == 2'd2) begin
          report_at <= '0;
          state     <= Head;
        end
      end
      default: state <= Head;
    endcase

    if (rst) begin
      state    <= Head;
      own_seed <= 7'h5D;
      {is_iq, timed, option, burst, burst_lost, closed_too, gate_start, event_sent, event_late, report_at} <= '0;
      start_time <= '0;
    end
  end

  // TX_STATUS: header, tag, status, time ------------------------------------------------

  logic [31:0] report;
  wire  [31:0] queued;
  wire         queued_last, no_status;
  logic        headed;                         // the header has gone

  always_comb begin
    case (report_at)
      2'd0:    report = {30'd0, status};
      2'd1:    report = status_time[31:0];
      default: report = status_time[63:32];
    endcase
  end

  fifo_frame #(.WIDTH(32), .DEPTH(512)) statuses (
    .clk, .rst, .s_drop(1'b0),
    .s_axis_tdata(report), .s_axis_tuser(tag), .s_axis_tlast(report_at == 2'd2),
    .s_axis_tvalid(state == Report), .s_axis_tready(report_room),
    .m_axis_tdata(queued), .m_axis_tlast(queued_last), .m_axis_tvalid(m_status_tvalid),
    .m_axis_tready(m_status_tready && headed), .empty(no_status)
  );

  assign m_status_tdata = headed ? queued : 32'h0010_925A;
  assign m_status_tlast = headed && queued_last;

  always_ff @(posedge clk) begin
    if (m_status_tvalid && m_status_tready) headed <= !m_status_tlast;
    if (rst) headed <= 1'b0;
  end

  // Idle ------------------------------------------------------------------------------------

  // While the gate waits for its time, nothing moves once the way to it is full, or holds all there is (short I/Q).
  wire full    = scaled_valid && !scaled_ready;
  wire settled = scale_empty && wave_valid &&
                 (state == Finish || hold || shut || finale || (state == Head && queue_empty));

  assign waiting = gate_waiting;
  assign working = !no_status || state == Fields && !hold || state == Settle || state == Check && !shut && !finale ||
                   state == Skip || state == Report || (state == Head && word_valid);
  assign idle    = no_status && !tx_active && !gate_open &&
                   (gate_waiting ? full || settled : state == Head && queue_empty && path_empty);

endmodule

`default_nettype wire

// ofdm_frame - a PSDU becomes the bits of its frame: SIGNAL, then scrambled DATA.
//
//   s_desc --> | SIGNAL 24 | SERVICE 16 | PSDU 8 length | tail 6 | pad | --> m_axis, bit by bit
//   s_axis ------------------------------^
//
// IEEE 802.11-2012: SIGNAL 18.3.4 (not scrambled), SERVICE 18.3.5.2, tail 18.3.5.3 (back to zero
// after scrambling), pad 18.3.5.4, scrambler 18.3.5.5. Pad fills the last symbol; no division is
// needed to know how much, since the bits are counted down symbol by symbol.
//
// For each descriptor exactly `length` octets are taken from s_axis, each on its last bit; one bit
// leaves per clock. A length of 0 makes a frame without PSDU. The caller answers for a valid rate,
// a length other than 0 and a seed other than 0.
//
// m_axis_tuser = {last, coding, mod}, constant over a symbol: whether it is the frame's last, and
// the puncturing and modulation of its bits. m_axis_tlast is the last bit of the frame, after which
// the encoder returns to state zero.

`default_nettype none

module ofdm_frame (
  input  wire  logic        clk,
  input  wire  logic        rst,              // synchronous, active high

  input  wire  logic [3:0]  s_desc_rate,      // ofdm_pkg::rate_e
  input  wire  logic [11:0] s_desc_length,    // octets of PSDU, FCS included
  input  wire  logic [6:0]  s_desc_seed,      // {x7..x1}
  input  wire  logic        s_desc_tvalid,
  output       logic        s_desc_tready,

  input  wire  logic [7:0]  s_axis_tdata,
  input  wire  logic        s_axis_tvalid,
  output       logic        s_axis_tready,

  output       logic        m_axis_tdata,
  output       logic [4:0]  m_axis_tuser,
  output       logic        m_axis_tlast,
  output       logic        m_axis_tvalid,
  input  wire  logic        m_axis_tready
);

  typedef enum logic [2:0] {Idle, Signal, Service, Psdu, Tail, Pad} state_e;

  logic [2:0]  state;
  logic [3:0]  rate;
  logic [11:0] length;                        // in Psdu: octets still to come
  logic [4:0]  count;                         // bit of the field, or of the octet
  logic [15:0] left;                          // bits of DATA from this symbol to the tail's end
  logic [7:0]  room;                          // bits of this symbol still to come

  // What this clock's bit would be, and whether there is one ---------------------------

  wire        in_data = state != Signal;
  wire [7:0]  n_dbps  = ofdm_pkg::n_dbps(rate);
  wire        last    = in_data && left <= 16'(n_dbps);
  wire [23:0] signal  = {6'd0, ^{length, rate}, length, 1'b0, rate};

  wire have = state != Idle && (state != Psdu || s_axis_tvalid);
  wire step = have && (m_axis_tready || !m_axis_tvalid);
  wire end_of_symbol = room == 8'd1;

  logic chaos;                                // the scrambler's bit
  logic plain;
  always_comb begin
    case (state)
      Signal:  plain = signal[count];
      Psdu:    plain = s_axis_tdata[count[2:0]];
      default: plain = 1'b0;
    endcase
  end

  assign s_desc_tready = state == Idle;
  assign s_axis_tready = state == Psdu && step && count[2:0] == 3'd7;

  wire taken = s_desc_tvalid && s_desc_tready;

  scrambler i_scrambler (
    .clk, .load(taken), .seed(s_desc_seed), .step(step && in_data), .out(chaos)
  );

  // The walk through the fields --------------------------------------------------------

  always_ff @(posedge clk) begin
    if (taken) begin
      rate   <= s_desc_rate;
      length <= s_desc_length;
      left   <= 16'({s_desc_length, 3'b000}) + 16'd22;
      room   <= 8'd24;
      count  <= '0;
      state  <= Signal;
    end

    if (step) begin
      count <= count + 1'b1;
      room  <= end_of_symbol ? n_dbps : room - 1'b1;
      if (in_data && end_of_symbol) left <= left - 16'(n_dbps);

      case (state)
        Signal: if (count == 5'd23) begin
          count <= '0;
          state <= Service;
        end
        Service: if (count == 5'd15) begin
          count <= '0;
          state <= length == 0 ? Tail : Psdu;
        end
        Psdu: if (count == 5'd7) begin
          count  <= '0;
          length <= length - 1'b1;
          if (length == 12'd1) state <= Tail;
        end
        default: if (count == 5'd5) state <= Pad;   // Pad runs until `last` ends it
      endcase
      if (last && end_of_symbol) state <= Idle;
    end

    if (rst) state <= Idle;
  end

  always_ff @(posedge clk) begin
    if (step) begin
      m_axis_tdata <= plain ^ (chaos && in_data && state != Tail);
      m_axis_tuser <= in_data
          ? {last, ofdm_pkg::rate_coding(rate), ofdm_pkg::rate_mod(rate)}
          : {1'b0, ofdm_pkg::Half, ofdm_pkg::Bpsk};
      m_axis_tlast <= last && end_of_symbol;
    end
    if (m_axis_tready || !m_axis_tvalid) m_axis_tvalid <= have;
    if (rst) m_axis_tvalid <= 1'b0;
  end

endmodule

`default_nettype wire

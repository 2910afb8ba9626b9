// tx - the transmitter: a descriptor and a PSDU in, the samples of an IEEE 802.11 OFDM frame out.
//
//   s_desc, s_axis --> ofdm_frame --> ofdm_encoder --> ofdm_puncturer --> ofdm_interleaver
//        bits of SIGNAL and DATA      pairs            coded bits            |
//                                                                            v
//   m_axis <-- ofdm_prefix <-- fft64 (inverse) <-- ofdm_carriers <-- ofdm_mapper
//      samples           blocks              64 carriers          points
//
// For each descriptor exactly s_desc_length octets (FCS included) are taken from s_axis and
// 320 + 80 n_sym + 81 samples leave, n_sym = ceil((22 + 8 length) / N_DBPS), the last with tlast.
// A sample is worth twice the value of the standard's example (1.0 there is 65536 here): rms 0.225.
//
// A sample may be taken every 4 clocks: as long as octets are there when they are asked for, the
// transmitter never keeps the antenna waiting inside a frame (64-QAM takes 294 clocks, measured,
// of the 320 of a symbol). The first sample is offered some 380 clocks after the descriptor and
// waits, so that a gate behind m_axis can start the frame on its exact sample. The next frame's
// descriptor is taken while this one is still leaving.
//
// The caller answers for a rate with R4 = 1, a length of 1..4095 and a seed of 1..127.

`default_nettype none

module tx (
  input  wire  logic        clk,
  input  wire  logic        rst,              // synchronous, active high

  input  wire  logic [3:0]  s_desc_rate,      // ofdm_pkg::rate_e
  input  wire  logic [11:0] s_desc_length,
  input  wire  logic [6:0]  s_desc_seed,      // scrambler, {x7..x1}
  input  wire  logic        s_desc_tvalid,
  output       logic        s_desc_tready,

  input  wire  logic [7:0]  s_axis_tdata,
  input  wire  logic        s_axis_tvalid,
  output       logic        s_axis_tready,

  output       logic [31:0] m_axis_tdata,     // {q, i}, s1.15
  output       logic        m_axis_tlast,     // last sample of the frame
  output       logic        m_axis_tvalid,
  input  wire  logic        m_axis_tready
);

  logic        bit_tdata, bit_tlast, bit_tvalid, bit_tready;
  logic [4:0]  bit_tuser;                     // {last, coding, mod}

  ofdm_frame i_frame (
    .clk, .rst,
    .s_desc_rate, .s_desc_length, .s_desc_seed, .s_desc_tvalid, .s_desc_tready,
    .s_axis_tdata, .s_axis_tvalid, .s_axis_tready,
    .m_axis_tdata(bit_tdata), .m_axis_tuser(bit_tuser), .m_axis_tlast(bit_tlast),
    .m_axis_tvalid(bit_tvalid), .m_axis_tready(bit_tready)
  );

  logic [1:0]  pair_tdata;
  logic [4:0]  pair_tuser;
  logic        pair_tvalid, pair_tready;

  ofdm_encoder #(.USER(5)) i_encoder (
    .clk, .rst,
    .s_axis_tdata(bit_tdata), .s_axis_tuser(bit_tuser), .s_axis_tlast(bit_tlast),
    .s_axis_tvalid(bit_tvalid), .s_axis_tready(bit_tready),
    .m_axis_tdata(pair_tdata), .m_axis_tuser(pair_tuser),
    .m_axis_tvalid(pair_tvalid), .m_axis_tready(pair_tready)
  );

  logic        code_tdata, code_tvalid, code_tready;
  logic [2:0]  code_tuser;                    // {last, mod}

  ofdm_puncturer #(.USER(5)) i_puncturer (
    .clk, .rst,
    .s_axis_tdata(pair_tdata), .s_axis_tuser(pair_tuser),
    .s_axis_tvalid(pair_tvalid), .s_axis_tready(pair_tready),
    .m_axis_tdata(code_tdata), .m_axis_tuser(code_tuser),
    .m_axis_tvalid(code_tvalid), .m_axis_tready(code_tready)
  );

  logic        mix_tdata, mix_tvalid, mix_tready;
  logic        unused_mix_tlast;              // those who follow count for themselves
  logic [2:0]  mix_tuser;

  ofdm_interleaver #(.USER(3)) i_interleaver (
    .clk, .rst,
    .s_axis_tdata(code_tdata), .s_axis_tuser(code_tuser),
    .s_axis_tvalid(code_tvalid), .s_axis_tready(code_tready),
    .m_axis_tdata(mix_tdata), .m_axis_tuser(mix_tuser), .m_axis_tlast(unused_mix_tlast),
    .m_axis_tvalid(mix_tvalid), .m_axis_tready(mix_tready)
  );

  logic [31:0] point_tdata;
  logic        point_tuser, point_tvalid, point_tready;

  ofdm_mapper #(.USER(3)) i_mapper (
    .clk, .rst,
    .s_axis_tdata(mix_tdata), .s_axis_tuser(mix_tuser),
    .s_axis_tvalid(mix_tvalid), .s_axis_tready(mix_tready),
    .m_axis_tdata(point_tdata), .m_axis_tuser(point_tuser),
    .m_axis_tvalid(point_tvalid), .m_axis_tready(point_tready)
  );

  logic [31:0] carrier_tdata;
  logic [1:0]  carrier_tuser;                 // {last, inverse}
  logic        carrier_tvalid, carrier_tready;

  ofdm_carriers i_carriers (
    .clk, .rst,
    .s_axis_tdata(point_tdata), .s_axis_tuser(point_tuser),
    .s_axis_tvalid(point_tvalid), .s_axis_tready(point_tready),
    .m_axis_tdata(carrier_tdata), .m_axis_tuser(carrier_tuser),
    .m_axis_tvalid(carrier_tvalid), .m_axis_tready(carrier_tready)
  );

  logic [31:0] block_tdata;
  logic        block_last, block_tvalid, block_tready;
  logic        unused_block_tlast, unused_block_inverse;

  fft64 #(.WIDTH(16), .USER(2), .CENTRED(1'b1)) i_fft (
    .clk, .rst,
    .s_axis_tdata(carrier_tdata), .s_axis_tuser(carrier_tuser),
    .s_axis_tvalid(carrier_tvalid), .s_axis_tready(carrier_tready),
    .m_axis_tdata(block_tdata), .m_axis_tuser({block_last, unused_block_inverse}),
    .m_axis_tlast(unused_block_tlast),
    .m_axis_tvalid(block_tvalid), .m_axis_tready(block_tready)
  );

  ofdm_prefix i_prefix (
    .clk, .rst,
    .s_axis_tdata(block_tdata), .s_axis_tuser(block_last),
    .s_axis_tvalid(block_tvalid), .s_axis_tready(block_tready),
    .m_axis_tdata, .m_axis_tlast, .m_axis_tvalid, .m_axis_tready
  );

endmodule

`default_nettype wire

// ofdm_pkg - the words every OFDM module shares: modulations, rates and their sizes.
//
// Names are always written in full, ofdm_pkg::Qpsk: Yosys 0.23 has no `import`,
// and the reader then needs no search to learn where a name comes from.
// Clause and table numbers are those of IEEE 802.11-2012.

`default_nettype none

package ofdm_pkg;

  localparam int unsigned MAX_BPSC = 6;

  typedef enum logic [1:0] {Bpsk, Qpsk, Qam16, Qam64} mod_e;

  // Coded bits per subcarrier: N_BPSC, table 18-4.
  function automatic logic [2:0] n_bpsc(input logic [1:0] mod);
    case (mod)
      ofdm_pkg::Bpsk:  n_bpsc = 3'd1;
      ofdm_pkg::Qpsk:  n_bpsc = 3'd2;
      ofdm_pkg::Qam16: n_bpsc = 3'd4;
      default:         n_bpsc = 3'd6;
    endcase
  endfunction

  // A rate is the RATE field of SIGNAL, {R4,R3,R2,R1} (R1 is sent first): table 18-6.
  // so that rate[0] = R1. R1..R2 choose the modulation, R3 the puncturing, R4 is always 1.
  typedef enum logic [3:0] {
    Rate6  = 4'b1011, Rate9  = 4'b1111, Rate12 = 4'b1010, Rate18 = 4'b1110,
    Rate24 = 4'b1001, Rate36 = 4'b1101, Rate48 = 4'b1000, Rate54 = 4'b1100
  } rate_e;

  // All eight rates have R4 = 1; anything else is reserved.
  function automatic logic rate_valid(input logic [3:0] rate);
    rate_valid = rate[3];
  endfunction

  function automatic logic [1:0] rate_mod(input logic [3:0] rate);
    case (rate[1:0])
      2'b11:   rate_mod = ofdm_pkg::Bpsk;
      2'b10:   rate_mod = ofdm_pkg::Qpsk;
      2'b01:   rate_mod = ofdm_pkg::Qam16;
      default: rate_mod = ofdm_pkg::Qam64;
    endcase
  endfunction

  // Puncturing: code rates 1/2, 2/3, 3/4 (18.3.5.6).
  typedef enum logic [1:0] {Half, TwoThirds, ThreeQuarters} coding_e;

  function automatic logic [1:0] rate_coding(input logic [3:0] rate);
    if (rate[2])              rate_coding = ofdm_pkg::ThreeQuarters;
    else if (rate[1:0] == 0)  rate_coding = ofdm_pkg::TwoThirds;
    else                      rate_coding = ofdm_pkg::Half;
  endfunction

  // Data bits per OFDM symbol: N_DBPS, table 18-4.
  function automatic logic [7:0] n_dbps(input logic [3:0] rate);
    case (rate)
      ofdm_pkg::Rate6:  n_dbps = 8'd24;
      ofdm_pkg::Rate9:  n_dbps = 8'd36;
      ofdm_pkg::Rate12: n_dbps = 8'd48;
      ofdm_pkg::Rate18: n_dbps = 8'd72;
      ofdm_pkg::Rate24: n_dbps = 8'd96;
      ofdm_pkg::Rate36: n_dbps = 8'd144;
      ofdm_pkg::Rate48: n_dbps = 8'd192;
      default:          n_dbps = 8'd216;
    endcase
  endfunction

endpackage

`default_nettype wire

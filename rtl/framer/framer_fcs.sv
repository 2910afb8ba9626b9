// framer_fcs - one octet's step of the frame check sequence (IEEE 802.11-2012, 8.2.4.8): CRC-32.
//
//   G(x) = x^32 + x^26 + x^23 + x^22 + x^16 + x^12 + x^11 + x^10 + x^8 + x^7 + x^5 + x^4 + x^2 + x + 1
//
// Start from all ones. Octets go in bit 0 first, so the register is kept reflected; the FCS is its complement, sent
// bit 0 first: `~crc`, low octet first. Over a frame with its own FCS the register ends at GOOD.
// Combinational.

`default_nettype none

module framer_fcs (
  input  wire  logic [31:0] crc,
  input  wire  logic [7:0]  octet,
  output       logic [31:0] next,
  output       logic        good               // `next` ends a frame whose FCS is right
);

  localparam logic [31:0] POLYNOMIAL = 32'hEDB88320;    // reflected
  localparam logic [31:0] GOOD       = 32'hDEBB20E3;

  always_comb begin
    next = crc ^ {24'd0, octet};
    for (int n = 0; n < 8; n++) begin
      next = {1'b0, next[31:1]} ^ (next[0] ? POLYNOMIAL : 32'd0);
    end
  end

  assign good = next == GOOD;

endmodule

`default_nettype wire

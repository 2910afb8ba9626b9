// Adders as ECP5 carry chains that begin by themselves: for Yosys' techmap, in place of its ecp5/arith_map.v.
//
//   Yosys' own map starts a chain at a constant carry input, which the silicon does not have: nextpnr puts a whole CCU2C, two
//   LUT sites, in front of each chain to make it. Here the first half of the first CCU2C makes the carry:
//
//   odd width    half 0 is the constant (or the carry input): (W + 1) / 2 CCU2C, no more than before
//   even width   half 0 is bit 0's carry, which A0 and B0 alone decide; its sum is a LUT: W / 2 CCU2C and one LUT
//
// A half passes its carry on where its LUT4 is 1, else takes its LUT2's, the lowest four bits of INIT: so a LUT4 that is
// 0 whatever its inputs makes the carry independent of CIN, which constraints/trim.py then disconnects.

(* techmap_celltype = "$alu" *)
module ecp5_carry (A, B, CI, BI, X, Y, CO);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  parameter _TECHMAP_CONSTMSK_CI_ = 0;
  parameter _TECHMAP_CONSTVAL_CI_ = 0;
  parameter _TECHMAP_CONSTMSK_BI_ = 0;
  parameter _TECHMAP_CONSTVAL_BI_ = 0;

  (* force_downto *)
  input [A_WIDTH-1:0] A;
  (* force_downto *)
  input [B_WIDTH-1:0] B;
  (* force_downto *)
  output [Y_WIDTH-1:0] X, Y;
  input CI, BI;
  (* force_downto *)
  output [Y_WIDTH-1:0] CO;

  wire _TECHMAP_FAIL_ = Y_WIDTH <= 4;          // shorter ones are faster as LUTs

  // From bit 0's operands alone: both must be known not to change with the clock.
  localparam FOLD = Y_WIDTH % 2 == 0 && _TECHMAP_CONSTMSK_CI_ && _TECHMAP_CONSTMSK_BI_;
  localparam HALVES = FOLD ? Y_WIDTH : (Y_WIDTH + 2) / 2 * 2;
  localparam FIRST = FOLD ? 0 : 1;             // the half of bit 0

  (* force_downto *)
  wire [Y_WIDTH-1:0] A_buf, B_buf;
  \$pos #(.A_SIGNED(A_SIGNED), .A_WIDTH(A_WIDTH), .Y_WIDTH(Y_WIDTH)) A_conv (.A(A), .Y(A_buf));
  \$pos #(.A_SIGNED(B_SIGNED), .A_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)) B_conv (.A(B), .Y(B_buf));

  (* force_downto *)
  wire [Y_WIDTH-1:0] BB = BI ? ~B_buf : B_buf;
  (* force_downto *)
  wire [HALVES-1:0] AA = FOLD ? A_buf : {A_buf, CI};
  (* force_downto *)
  wire [HALVES-1:0] BX = FOLD ? B_buf : {B_buf, 1'b0};
  (* force_downto *)
  wire [HALVES-1:0] S;
  (* force_downto *)
  wire [HALVES/2:0] C;                         // between one CCU2C and the next

  localparam [3:0] GENERATE = !FOLD ? 4'b1010 :                                     // A
                              _TECHMAP_CONSTVAL_BI_ ? (_TECHMAP_CONSTVAL_CI_ ? 4'b1011 : 4'b0010)    // A or, and not B
                                                    : (_TECHMAP_CONSTVAL_CI_ ? 4'b1110 : 4'b1000);   // A or, and B

  assign C[0] = 1'b0;

  genvar i;
  generate
    for (i = 0; i < HALVES; i = i + 2) begin : slice
      CCU2C #(
        .INIT0(i == 0 ? {12'h000, GENERATE} : 16'h96AA), .INIT1(16'h96AA), .INJECT1_0("NO"), .INJECT1_1("NO")
      ) ccu2c (
        .CIN(C[i/2]), .A0(AA[i]), .B0(BX[i]), .C0(BI), .D0(1'b1), .A1(AA[i+1]), .B1(BX[i+1]), .C1(BI), .D1(1'b1),
        .S0(S[i]), .S1(S[i+1]), .COUT(C[i/2+1])
      );
    end

    // What the chain does not show at a pin is left to be made from its operands, if anybody asks.
    for (i = 0; i < Y_WIDTH; i = i + 1) begin : bit
      if ((i + FIRST) % 2 == 1) assign CO[i] = C[(i+FIRST)/2+1];
      else if (i == 0)          assign CO[i] = (AA[FIRST] && BB[0]) || (CI && (AA[FIRST] || BB[0]));
      else                      assign CO[i] = (A_buf[i] && BB[i]) || (CO[i-1] && (A_buf[i] || BB[i]));
      if (FOLD && i == 0) assign Y[i] = A_buf[0] ^ BB[0] ^ CI;
      else                assign Y[i] = S[i+FIRST];
    end
  endgenerate

  assign X = A_buf ^ BB;
endmodule

// The two ECP5 cells that Yosys' cells_sim.v leaves empty, in the modes that its synth_ecp5 makes of inferred memories and products.
//
//   DP16KD       18 kbit block RAM: both ports 1 to 18 bits wide, or A writing and B reading 36 (pseudo dual port);
//                no output register, synchronous reset of the output or none, WRITEMODE NORMAL (the output stays while its port
//                writes) or READBEFOREWRITE
//   MULT18X18D   18 x 18 bits, signed or not, no registers
//
// Anything else stops the simulation at time 0, so that no netlist is ever trusted for a mode that is not modelled.
// Source: FPGA-TN-02204 (sysMEM), FPGA-TN-02205 (sysDSP); Yosys' ecp5/brams_map.v for how the words lie.

module DP16KD (
  input  DIA0, DIA1, DIA2, DIA3, DIA4, DIA5, DIA6, DIA7, DIA8, DIA9, DIA10, DIA11, DIA12, DIA13, DIA14, DIA15, DIA16, DIA17,
  input  ADA0, ADA1, ADA2, ADA3, ADA4, ADA5, ADA6, ADA7, ADA8, ADA9, ADA10, ADA11, ADA12, ADA13,
  input  CEA, OCEA, CLKA, WEA, RSTA, CSA0, CSA1, CSA2,
  output DOA0, DOA1, DOA2, DOA3, DOA4, DOA5, DOA6, DOA7, DOA8, DOA9, DOA10, DOA11, DOA12, DOA13, DOA14, DOA15, DOA16, DOA17,
  input  DIB0, DIB1, DIB2, DIB3, DIB4, DIB5, DIB6, DIB7, DIB8, DIB9, DIB10, DIB11, DIB12, DIB13, DIB14, DIB15, DIB16, DIB17,
  input  ADB0, ADB1, ADB2, ADB3, ADB4, ADB5, ADB6, ADB7, ADB8, ADB9, ADB10, ADB11, ADB12, ADB13,
  input  CEB, OCEB, CLKB, WEB, RSTB, CSB0, CSB1, CSB2,
  output DOB0, DOB1, DOB2, DOB3, DOB4, DOB5, DOB6, DOB7, DOB8, DOB9, DOB10, DOB11, DOB12, DOB13, DOB14, DOB15, DOB16, DOB17
);

  parameter DATA_WIDTH_A = 18, DATA_WIDTH_B = 18;
  parameter REGMODE_A = "NOREG", REGMODE_B = "NOREG", RESETMODE = "SYNC", ASYNC_RESET_RELEASE = "SYNC";
  parameter CSDECODE_A = "0b000", CSDECODE_B = "0b000", WRITEMODE_A = "NORMAL", WRITEMODE_B = "NORMAL";
  parameter CLKAMUX = "CLKA", CLKBMUX = "CLKB", GSR = "ENABLED", INIT_DATA = "STATIC", WID = 0;
  parameter [319:0]
    INITVAL_00 = 320'd0, INITVAL_01 = 320'd0, INITVAL_02 = 320'd0, INITVAL_03 = 320'd0,
    INITVAL_04 = 320'd0, INITVAL_05 = 320'd0, INITVAL_06 = 320'd0, INITVAL_07 = 320'd0,
    INITVAL_08 = 320'd0, INITVAL_09 = 320'd0, INITVAL_0A = 320'd0, INITVAL_0B = 320'd0,
    INITVAL_0C = 320'd0, INITVAL_0D = 320'd0, INITVAL_0E = 320'd0, INITVAL_0F = 320'd0,
    INITVAL_10 = 320'd0, INITVAL_11 = 320'd0, INITVAL_12 = 320'd0, INITVAL_13 = 320'd0,
    INITVAL_14 = 320'd0, INITVAL_15 = 320'd0, INITVAL_16 = 320'd0, INITVAL_17 = 320'd0,
    INITVAL_18 = 320'd0, INITVAL_19 = 320'd0, INITVAL_1A = 320'd0, INITVAL_1B = 320'd0,
    INITVAL_1C = 320'd0, INITVAL_1D = 320'd0, INITVAL_1E = 320'd0, INITVAL_1F = 320'd0,
    INITVAL_20 = 320'd0, INITVAL_21 = 320'd0, INITVAL_22 = 320'd0, INITVAL_23 = 320'd0,
    INITVAL_24 = 320'd0, INITVAL_25 = 320'd0, INITVAL_26 = 320'd0, INITVAL_27 = 320'd0,
    INITVAL_28 = 320'd0, INITVAL_29 = 320'd0, INITVAL_2A = 320'd0, INITVAL_2B = 320'd0,
    INITVAL_2C = 320'd0, INITVAL_2D = 320'd0, INITVAL_2E = 320'd0, INITVAL_2F = 320'd0,
    INITVAL_30 = 320'd0, INITVAL_31 = 320'd0, INITVAL_32 = 320'd0, INITVAL_33 = 320'd0,
    INITVAL_34 = 320'd0, INITVAL_35 = 320'd0, INITVAL_36 = 320'd0, INITVAL_37 = 320'd0,
    INITVAL_38 = 320'd0, INITVAL_39 = 320'd0, INITVAL_3A = 320'd0, INITVAL_3B = 320'd0,
    INITVAL_3C = 320'd0, INITVAL_3D = 320'd0, INITVAL_3E = 320'd0, INITVAL_3F = 320'd0;

  wire [20479:0] initial_words = {
    INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38,
    INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30,
    INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
    INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20,
    INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18,
    INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
    INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
    INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00};

  wire [17:0] dia = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0};
  wire [17:0] dib = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0};
  wire [13:0] ada = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
  wire [13:0] adb = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
  reg  [17:0] qa, qb;

  assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0} = qa;
  assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0} = qb;

  // Chip selects count inverted where CSDECODE has a 1 - but synth_ecp5 uses the enables alone.
  wire selected_a = {CSA2, CSA1, CSA0} == 3'b000;
  wire selected_b = {CSB2, CSB1, CSB0} == 3'b000;

  // 1,024 words of 18 bits: halves of 9, of which the narrow ports see 8 (4, 2, 1) or all.
  reg [17:0] words [0:1023];
  reg  [17:0] own_a, low_b;
  integer i;

  initial begin
    for (i = 0; i < 1024; i = i + 1) words[i] = initial_words[20*i +: 18];
    own_a = 18'd0;
    {qb, low_b} = 36'd0;
    if (REGMODE_A != "NOREG" || REGMODE_B != "NOREG" || CSDECODE_A != "0b000" || CSDECODE_B != "0b000" || CLKAMUX != "CLKA" ||
        CLKBMUX != "CLKB" || WRITEMODE_A == "WRITETHROUGH" || WRITEMODE_B == "WRITETHROUGH") begin
      $display("DP16KD: a mode that tests/netlist/ecp5_cells.v does not model, in %m");
      $stop;
    end
  end

  function [17:0] word_at(input integer width, input [13:0] address, input half);
    reg [17:0] w;
    begin
      w = words[width == 36 ? {address[13:5], half} : address[13:4]];
      case (width)
        1:       word_at = {17'd0, w[9 * address[3] + address[2:0]]};
        2:       word_at = {16'd0, w[9 * address[3] + 2 * address[2:1] +: 2]};
        4:       word_at = {14'd0, w[9 * address[3] + 4 * address[2] +: 4]};
        9:       word_at = {9'd0, w[9 * address[3] +: 9]};
        default: word_at = w;
      endcase
    end
  endfunction

  // Writes are seen by reads of later clocks: what a port reads where the other writes is undefined in silicon.
  task write(input integer width, input [13:0] address, input [17:0] data);
    case (width)
      1:       words[address[13:4]][9 * address[3] + address[2:0]]          <= data[0];
      2:       words[address[13:4]][9 * address[3] + 2 * address[2:1] +: 2] <= data[1:0];
      4:       words[address[13:4]][9 * address[3] + 4 * address[2] +: 4]   <= data[3:0];
      9:       words[address[13:4]][9 * address[3] +: 9]                    <= data[8:0];
      default: begin                            // 18: the lowest address bits enable its bytes
        if (address[0]) words[address[13:4]][8:0]  <= data[8:0];
        if (address[1]) words[address[13:4]][17:9] <= data[17:9];
      end
    endcase
  endtask

  wire wide_read = DATA_WIDTH_B == 36;          // port A's output then shows the lower half of what B reads
  wire reads_a   = CEA && selected_a && (!WEA || WRITEMODE_A == "READBEFOREWRITE");
  wire reads_b   = CEB && selected_b && (!WEB || WRITEMODE_B == "READBEFOREWRITE");

  always @* qa = wide_read ? low_b : own_a;

  always @(posedge CLKA) begin
    if (RSTA && RESETMODE != "SYNC") $stop;
    if (reads_a) own_a <= RSTA ? 18'd0 : word_at(DATA_WIDTH_A, ada, 1'b0);
    if (CEA && selected_a && WEA) begin
      if (DATA_WIDTH_A == 36) begin
        if (ada[0]) words[{ada[13:5], 1'b0}][8:0]  <= dia[8:0];
        if (ada[1]) words[{ada[13:5], 1'b0}][17:9] <= dia[17:9];
        if (ada[2]) words[{ada[13:5], 1'b1}][8:0]  <= dib[8:0];
        if (ada[3]) words[{ada[13:5], 1'b1}][17:9] <= dib[17:9];
      end else write(DATA_WIDTH_A, ada, dia);
    end
  end

  always @(posedge CLKB) begin
    if (RSTB && RESETMODE != "SYNC") $stop;
    if (reads_b) begin
      qb    <= RSTB ? 18'd0 : word_at(DATA_WIDTH_B, adb, 1'b1);
      low_b <= RSTB ? 18'd0 : word_at(DATA_WIDTH_B, adb, 1'b0);
    end
    if (CEB && selected_b && WEB && DATA_WIDTH_A != 36) write(DATA_WIDTH_B, adb, dib);
  end

endmodule

module MULT18X18D (
  input  A0, A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11, A12, A13, A14, A15, A16, A17,
  input  B0, B1, B2, B3, B4, B5, B6, B7, B8, B9, B10, B11, B12, B13, B14, B15, B16, B17,
  input  C0, C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13, C14, C15, C16, C17,
  input  SIGNEDA, SIGNEDB, SOURCEA, SOURCEB, CLK0, CLK1, CLK2, CLK3, CE0, CE1, CE2, CE3, RST0, RST1, RST2, RST3,
  output P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17,
  output P18, P19, P20, P21, P22, P23, P24, P25, P26, P27, P28, P29, P30, P31, P32, P33, P34, P35
);

  wire [17:0] a = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
  wire [17:0] b = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};
  wire signed [37:0] product = $signed({SIGNEDA & a[17], a}) * $signed({SIGNEDB & b[17], b});

  assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18,
          P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0} = product[35:0];

endmodule

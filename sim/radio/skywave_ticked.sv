// skywave_ticked - the radio with a clock that costs the simulator one evaluation, not two.
//
//   tick --> xor --> clk --> skywave
//             ^       |
//             +- seen +
//
// Each change of `tick` is a clock: `clk` rises, `seen` follows, `clk` falls, all in the one evaluation. An input that wakes a part
// (rtl/stream/clock_gate.sv), s_host_tvalid and the first rst, must have been evaluated before its clock; the others may come with it.
// With `whole_clocks`, from the beginning on, `clk` is `tick`. The other ports: rtl/top/skywave.sv.

`default_nettype none

module skywave_ticked (
  input  wire  logic        tick,
  input  wire  logic        whole_clocks,
  input  wire  logic        rst,

  input  wire  logic [31:0] s_host_tdata,
  input  wire  logic        s_host_tvalid,
  output       logic        s_host_tready,
  output       logic        hunting,
  output       logic [31:0] m_host_tdata,
  output       logic        m_host_tlast,
  output       logic        m_host_tvalid,
  input  wire  logic        m_host_tready,

  input  wire  logic        sample,
  input  wire  logic [15:0] rx_i,
  input  wire  logic [15:0] rx_q,
  output       logic [15:0] tx_i,
  output       logic [15:0] tx_q,
  output       logic        tx_active,

  input  wire  logic        time_load,
  input  wire  logic [63:0] time_value,
  output       logic [63:0] now,
  output       logic        idle,
  output       logic        working,
  output       logic        tx_waiting,
  output       logic [63:0] tx_time,
  output       logic        rx_busy,
  output       logic        rx_streams,

  output       logic [63:0] fe_rx_hz,
  output       logic [63:0] fe_tx_hz,
  output       logic [31:0] fe_rate,
  output       logic [31:0] fe_rx_gain,
  output       logic [31:0] fe_tx_gain,
  output       logic [31:0] fe_rx_antenna,

  output       logic        board_write,
  output       logic        board_read,
  input  wire  logic        board_busy,
  output       logic [6:0]  board_address,
  output       logic [31:0] board_value,
  input  wire  logic [31:0] board_result
);

  logic seen;
  wire  clk = tick ^ seen;

  initial seen = 1'b0;
  always_ff @(posedge clk) if (!whole_clocks) seen <= tick;

  skywave gates (.*);

endmodule

`default_nettype wire

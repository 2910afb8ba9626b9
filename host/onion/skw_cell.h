/* skw_cell - sizes and layout of a cell, the unit that travels through circuits.
 *
 *   | circuit u32 | command u8 | nonce u64 | body ............................ |
 *                                          | zero u32 | MAC 12 | kind u8 | length u16 | data,
 * padding |
 *
 * Two sizes, the same on every hop. The body is under one keystream per hop; what it holds inside
 * is seen by the hop it is for alone.
 */
#ifndef SKW_CELL_H
#define SKW_CELL_H

#define SKW_CELL_SMALL 192u
#define SKW_CELL_FULL 1422u /* SKW_LINK_UNRELIABLE_MAX */
#define SKW_CELL_HEADER 13u
#define SKW_CELL_MAC 12u
#define SKW_CELL_INNER 19u /* zero, MAC, kind, length */

#define SKW_CELL_SMALL_DATA (SKW_CELL_SMALL - SKW_CELL_HEADER - SKW_CELL_INNER) /* 160 */
#define SKW_CELL_FULL_DATA (SKW_CELL_FULL - SKW_CELL_HEADER - SKW_CELL_INNER)   /* 1390 */

#endif

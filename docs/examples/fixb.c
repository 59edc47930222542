/* A reference encoder of packed fixes (docs/wire.md, "Packed fixes"): C99, no allocation, no floating point.
 *
 * Every byte is written by itself, so that neither the processor's byte order nor its alignment counts.
 * As a program it reads one fix a line, eleven integers in the order of struct fix, and writes one message.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { HEADER_BYTES = 4, RECORD_BYTES = 34, RECORDS_MAX = 1000 };

/* What stands for none: lat and lon INT32_MIN, acc UINT32_MAX, spd, hdg and hdop 65535, sat and bat 255. */
struct fix {
    uint32_t seq;
    int64_t t_us;      /* microseconds since 1970 UTC */
    int32_t lat_1e7;   /* 1e-7 degrees */
    int32_t lon_1e7;
    uint32_t acc_cm;
    uint16_t spd_cm_s;
    uint16_t hdg_cdeg; /* 0.01 degrees */
    uint16_t hdop_c;   /* 0.01 */
    uint8_t sat;
    uint8_t bat_half;  /* half percent */
    uint8_t src;       /* 0 gnss, 1 wifi, 2 cell, 3 rf */
};

static unsigned char *put(unsigned char *at, uint64_t value, int bytes)
{
    while (bytes-- > 0) {
        *at++ = (unsigned char)(value & 0xFF);
        value >>= 8;
    }
    return at;
}

/* Returns the bytes written, or 0 when count is over 1,000 or the room is too small. */
size_t fixb_encode(const struct fix *fixes, size_t count, unsigned char *out, size_t room)
{
    unsigned char *at = out;
    if (count > RECORDS_MAX || room < HEADER_BYTES + count * RECORD_BYTES)
        return 0;
    at = put(at, 1, 1); /* version */
    at = put(at, 0, 1);
    at = put(at, count, 2);
    for (size_t i = 0; i < count; i++) {
        const struct fix *fix = &fixes[i];
        at = put(at, fix->seq, 4);
        at = put(at, (uint64_t)fix->t_us, 8);
        at = put(at, (uint32_t)fix->lat_1e7, 4);
        at = put(at, (uint32_t)fix->lon_1e7, 4);
        at = put(at, fix->acc_cm, 4);
        at = put(at, fix->spd_cm_s, 2);
        at = put(at, fix->hdg_cdeg, 2);
        at = put(at, fix->hdop_c, 2);
        at = put(at, fix->sat, 1);
        at = put(at, fix->bat_half, 1);
        at = put(at, fix->src, 1);
        at = put(at, 0, 1);
    }
    return (size_t)(at - out);
}

int main(void)
{
    static struct fix fixes[RECORDS_MAX];
    static unsigned char out[HEADER_BYTES + RECORDS_MAX * RECORD_BYTES];
    size_t count = 0;
    struct fix f;
    while (count < RECORDS_MAX &&
           scanf("%" SCNu32 " %" SCNd64 " %" SCNd32 " %" SCNd32 " %" SCNu32 " %" SCNu16 " %" SCNu16 " %" SCNu16
                 " %" SCNu8 " %" SCNu8 " %" SCNu8,
                 &f.seq, &f.t_us, &f.lat_1e7, &f.lon_1e7, &f.acc_cm, &f.spd_cm_s, &f.hdg_cdeg, &f.hdop_c, &f.sat,
                 &f.bat_half, &f.src) == 11)
        fixes[count++] = f;
    size_t size = fixb_encode(fixes, count, out, sizeof out);
    return fwrite(out, 1, size, stdout) == size ? 0 : 1;
}

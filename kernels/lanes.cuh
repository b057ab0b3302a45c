// What all generated kernels share. A kernel's source is `#define PORTS n`, this file, and the generated part; NVRTC,
// nvcc and, with host_shim.h before it, a C++ compiler for the host take the same text.
//
// A thread works on 32 lanes per word. Data kernels may give its lanes any order, so long as all buses agree: bit
// 8 * i + j of a word is row 4 * j + i of the thread, for an 8 x 8 transposition of bits acts on four bytes at once.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#ifdef __CUDACC__
#define INLINE static __device__ __forceinline__
#define KERNEL(name) extern "C" __global__ void __launch_bounds__(256) name(const Job job)
#define HOST_ENTRY(name)
// One instruction: bit 0, 1, 2 of a row of the table are a, b, c.
#define LUT(r, table, a, b, c) u32 r; asm("lop3.b32 %0, %1, %2, %3, " #table ";" : "=r"(r) : "r"(c), "r"(b), "r"(a))
#endif

// `count` units of work, the first of which is number `first` for the data; ports are addresses and strides.
struct Job { u64 count, first, port[PORTS]; };

#define FOR_EACH_UNIT(v) \
    for (u32 v = blockIdx.x * blockDim.x + threadIdx.x, end = (u32)job.count; v < end; v += gridDim.x * blockDim.x)

// Values of one, two or four words (32, 64, 128 lanes): names end in x, y, z, w.
#define LUT1(r, table, a, b, c) LUT(r##x, table, a##x, b##x, c##x)
#define LUT2(r, table, a, b, c) LUT1(r, table, a, b, c); LUT(r##y, table, a##y, b##y, c##y)
#define LUT4(r, table, a, b, c) LUT2(r, table, a, b, c); LUT(r##z, table, a##z, b##z, c##z); LUT(r##w, table, a##w, b##w, c##w)
#define LOAD1(r, p) const u32 r##x = __ldg(p)
#define LOAD2(r, p) const uint2 r##_ = __ldg(p); const u32 r##x = r##_.x, r##y = r##_.y
#define LOAD4(r, p) const uint4 r##_ = __ldg(p); const u32 r##x = r##_.x, r##y = r##_.y, r##z = r##_.z, r##w = r##_.w
#define STORE1(p, a, flip) __stcs(p, a##x ^ flip)
#define STORE2(p, a, flip) __stcs(p, make_uint2(a##x ^ flip, a##y ^ flip))
#define STORE4(p, a, flip) __stcs(p, make_uint4(a##x ^ flip, a##y ^ flip, a##z ^ flip, a##w ^ flip))

// Where unit `at` of planes starts: blocks of `per_block` units lie `block` apart; no blocks if that is 0.
INLINE u64 place(u32 at, u64 per_block, u64 block) {
    return per_block ? (u64)(at / (u32)per_block) * block + at % (u32)per_block : at;
}

INLINE void exchange(u32& p, u32& q, int shift, u32 low) {
    const u32 old = p;
    p = (p & low) | ((q << shift) & ~low);
    q = ((old >> shift) & low) | (q & ~low);
}

// Four 8 x 8 matrices of bits, one in each byte: bit k of byte i of r[j] and bit j of byte i of r[k] change places.
INLINE void transpose(u32 (&r)[8]) {
    for (int j = 0; j < 4; j++) exchange(r[j], r[j + 4], 4, 0x0f0f0f0fu);
    for (int j = 0; j < 4; j++) exchange(r[j + (j & 2)], r[j + (j & 2) + 2], 2, 0x33333333u);
    for (int j = 0; j < 8; j += 2) exchange(r[j], r[j + 1], 1, 0x55555555u);
}

// Integers: 32 threads take 1024 lanes, each of them eight times four neighbours, so that what they read at a time is
// contiguous. `lane` is the thread's first one, `bytes` are the planes: bit k of byte b of the entries is bytes[b][k].
INLINE u64 first_lane(u64 unit) { return (unit >> 5) * 1024 + (unit & 31) * 4; }

INLINE void quads(u32 x, u32 y, u32 z, u32 w, u32 (&b)[4]) {  // four words of four bytes, transposed
    const u32 xy = __byte_perm(x, y, 0x5140), zw = __byte_perm(z, w, 0x5140);
    const u32 xy_high = __byte_perm(x, y, 0x7362), zw_high = __byte_perm(z, w, 0x7362);
    b[0] = __byte_perm(xy, zw, 0x5410);
    b[1] = __byte_perm(xy, zw, 0x7632);
    b[2] = __byte_perm(xy_high, zw_high, 0x5410);
    b[3] = __byte_perm(xy_high, zw_high, 0x7632);
}

// Each gives what stands at or above bit `LIMIT` of any entry: 0 if all fit.
template <int LIMIT> INLINE u32 column_in(u32 (&bytes)[1][8], u64 address, u64 lane) {
    const u32 over = 0x01010101u * (0xffu & ~((1u << LIMIT) - 1));
    u32 wrong = 0;
    for (int j = 0; j < 8; j++) {
        bytes[0][j] = __ldg((const u32*)(address + lane + 128 * j));
        wrong |= bytes[0][j] & over;
    }
    transpose(bytes[0]);
    return wrong;
}

template <int LIMIT> INLINE u32 column_in(u32 (&bytes)[2][8], u64 address, u64 lane) {
    const u32 over = 0x00010001u * (0xffffu & ~((1u << LIMIT) - 1));
    u32 wrong = 0;
    for (int j = 0; j < 8; j++) {
        const uint2 q = __ldg((const uint2*)(address + 2 * (lane + 128 * j)));
        wrong |= (q.x | q.y) & over;
        bytes[0][j] = __byte_perm(q.x, q.y, 0x6420);
        bytes[1][j] = __byte_perm(q.x, q.y, 0x7531);
    }
    for (int b = 0; b < 2; b++) transpose(bytes[b]);
    return wrong;
}

template <int LIMIT> INLINE u32 column_in(u32 (&bytes)[4][8], u64 address, u64 lane) {
    const u32 over = (u32)~((1ull << LIMIT) - 1);
    u32 wrong = 0;
    for (int j = 0; j < 8; j++) {
        const uint4 q = __ldg((const uint4*)(address + 4 * (lane + 128 * j)));
        u32 b[4];
        wrong |= (q.x | q.y | q.z | q.w) & over;
        quads(q.x, q.y, q.z, q.w, b);
        for (int i = 0; i < 4; i++) bytes[i][j] = b[i];
    }
    for (int b = 0; b < 4; b++) transpose(bytes[b]);
    return wrong;
}

template <int LIMIT> INLINE u32 column_in(u32 (&bytes)[8][8], u64 address, u64 lane) {
    const u64 over = LIMIT == 64 ? 0 : ~((1ull << LIMIT % 64) - 1);
    u32 wrong = 0;
    for (int j = 0; j < 8; j++) {
        const uint4* at = (const uint4*)(address + 8 * (lane + 128 * j));
        const uint4 p = __ldg(at), q = __ldg(at + 1);
        u32 low[4], high[4];
        wrong |= ((p.x | p.z | q.x | q.z) & (u32)over) | ((p.y | p.w | q.y | q.w) & (u32)(over >> 32));
        quads(p.x, p.z, q.x, q.z, low);
        quads(p.y, p.w, q.y, q.w, high);
        for (int i = 0; i < 4; i++) bytes[i][j] = low[i], bytes[4 + i][j] = high[i];
    }
    for (int b = 0; b < 8; b++) transpose(bytes[b]);
    return wrong;
}

INLINE void column_out(u32 (&bytes)[1][8], u64 address, u64 lane) {
    transpose(bytes[0]);
    for (int j = 0; j < 8; j++) __stcs((u32*)(address + lane + 128 * j), bytes[0][j]);
}

INLINE void column_out(u32 (&bytes)[2][8], u64 address, u64 lane) {
    for (int b = 0; b < 2; b++) transpose(bytes[b]);
    for (int j = 0; j < 8; j++) {
        const u32 low = bytes[0][j], high = bytes[1][j];
        __stcs((uint2*)(address + 2 * (lane + 128 * j)),
               make_uint2(__byte_perm(low, high, 0x5140), __byte_perm(low, high, 0x7362)));
    }
}

INLINE void column_out(u32 (&bytes)[4][8], u64 address, u64 lane) {
    for (int b = 0; b < 4; b++) transpose(bytes[b]);
    for (int j = 0; j < 8; j++) {
        u32 q[4];
        quads(bytes[0][j], bytes[1][j], bytes[2][j], bytes[3][j], q);
        __stcs((uint4*)(address + 4 * (lane + 128 * j)), make_uint4(q[0], q[1], q[2], q[3]));
    }
}

INLINE void column_out(u32 (&bytes)[8][8], u64 address, u64 lane) {
    for (int b = 0; b < 8; b++) transpose(bytes[b]);
    for (int j = 0; j < 8; j++) {
        u32 low[4], high[4];
        quads(bytes[0][j], bytes[1][j], bytes[2][j], bytes[3][j], low);
        quads(bytes[4][j], bytes[5][j], bytes[6][j], bytes[7][j], high);
        uint4* at = (uint4*)(address + 8 * (lane + 128 * j));
        __stcs(at, make_uint4(low[0], high[0], low[1], high[1]));
        __stcs(at + 1, make_uint4(low[2], high[2], low[3], high[3]));
    }
}

// Rows of N elements, 32 rows a thread, one after the other in memory. Four rows are N words of bytes, and eight such
// groups shifted into one another are N words in which byte i * N + k holds net k of the rows 4 * j + i.
template <int N> INLINE u32 rows_in(u32 (&plane)[N], const u8*, u64 address) {
    u32 sum[N], wrong = 0;
    for (int m = 0; m < N; m++) sum[m] = 0;
#pragma unroll
    for (int q = 0; q < 2 * N; q++) {
        const uint4 part = __ldg((const uint4*)address + q);
        const u32 word[4] = {part.x, part.y, part.z, part.w};
#pragma unroll
        for (int i = 0; i < 4; i++) {
            sum[(4 * q + i) % N] |= word[i] << (4 * q + i) / N;
            wrong |= word[i] & 0xfefefefeu;
        }
    }
#pragma unroll
    for (int k = 0; k < N; k++) {
        plane[k] = 0;
#pragma unroll
        for (int i = 0; i < 4; i++) plane[k] |= (sum[(i * N + k) / 4] >> 8 * ((i * N + k) % 4) & 0xffu) << 8 * i;
    }
    return wrong;
}

template <int N> INLINE void rows_out(const u32 (&plane)[N], u8*, u64 address) {
    u32 sum[N];
    for (int m = 0; m < N; m++) sum[m] = 0;
#pragma unroll
    for (int k = 0; k < N; k++) {
#pragma unroll
        for (int i = 0; i < 4; i++) sum[(i * N + k) / 4] |= (plane[k] >> 8 * i & 0xffu) << 8 * ((i * N + k) % 4);
    }
#pragma unroll
    for (int q = 0; q < 2 * N; q++) {
        u32 word[4];
#pragma unroll
        for (int i = 0; i < 4; i++) word[i] = sum[(4 * q + i) % N] >> (4 * q + i) / N & 0x01010101u;
        __stcs((uint4*)address + q, make_uint4(word[0], word[1], word[2], word[3]));
    }
}

// The bits 23 to 29 of 1.0f are 1, all others 0. Both zeros of float count as 0; a sign with other bits is refused.
#define ONE 0x3f800000u
template <int N> INLINE u32 rows_in(u32 (&plane)[N], const float*, u64 address) {
    u32 any = 0, uneven = 0, minus = 0;
    for (int k = 0; k < N; k++) plane[k] = 0;
#pragma unroll
    for (int q = 0; q < 8 * N; q++) {
        const uint4 part = __ldg((const uint4*)address + q);
        const u32 word[4] = {part.x, part.y, part.z, part.w};
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const int row = (4 * q + i) / N, bit = 8 * (row % 4) + row / 4;
            plane[(4 * q + i) % N] |= (bit <= 23 ? word[i] >> (23 - bit) : word[i] << (bit - 23)) & 1u << bit;
            any |= word[i];
            uneven |= word[i] ^ word[i] >> 1;
            minus |= word[i] & word[i] << 2;
        }
    }
    return (any & ~ONE & 0x7fffffffu) | (uneven & 0x1f800000u) | (minus & 0x80000000u);
}

template <int N> INLINE void rows_out(const u32 (&plane)[N], float*, u64 address) {
#pragma unroll
    for (int q = 0; q < 8 * N; q++) {
        u32 word[4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const int row = (4 * q + i) / N;
            word[i] = (plane[(4 * q + i) % N] >> (8 * (row % 4) + row / 4) & 1u) * ONE;
        }
        __stcs((uint4*)address + q, make_uint4(word[0], word[1], word[2], word[3]));
    }
}

// The planes of the five lowest inputs, all rows in order.
#define PATTERN0 0xaaaaaaaau
#define PATTERN1 0xccccccccu
#define PATTERN2 0xf0f0f0f0u
#define PATTERN3 0xff00ff00u
#define PATTERN4 0xffff0000u

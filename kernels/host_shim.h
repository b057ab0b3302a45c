// Lets a C++ compiler for the host build the kernels' very source: one thread after the other, from a plain function.
struct uint2 { unsigned x, y; };
struct alignas(16) uint4 { unsigned x, y, z, w; };
static inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
static inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
static thread_local struct { unsigned x; } threadIdx, blockIdx, blockDim, gridDim;
template <class T> static inline T __ldg(const T* from) { return *from; }
template <class T> static inline void __stcs(T* to, T value) { *to = value; }
static inline unsigned __byte_perm(unsigned low, unsigned high, unsigned select) {
    const unsigned long long both = (unsigned long long)high << 32 | low;
    unsigned found = 0;
    for (int i = 0; i < 4; i++) found |= (unsigned)(both >> 8 * (select >> 4 * i & 7) & 255) << 8 * i;
    return found;
}
static inline int __ffs(unsigned word) { return __builtin_ffs((int)word); }
static inline void atomicMin(unsigned long long* at, unsigned long long value) { if (value < *at) *at = value; }
#define INLINE static inline
#define KERNEL(name) static void name(const Job job)
#define HOST_ENTRY(name) \
    extern "C" void name##_on_host(unsigned grid, unsigned block, const Job* job) { \
        for (gridDim.x = grid, blockDim.x = block, blockIdx.x = 0; blockIdx.x < grid; blockIdx.x++) \
            for (threadIdx.x = 0; threadIdx.x < block; threadIdx.x++) name(*job); \
    }
#define ROW(table, r, a, b, c) (0u - (table >> r & 1u) & (r & 1 ? a : ~a) & (r & 2 ? b : ~b) & (r & 4 ? c : ~c))
#define LUT(r, t, a, b, c) \
    const unsigned r = ROW(t, 0, a, b, c) | ROW(t, 1, a, b, c) | ROW(t, 2, a, b, c) | ROW(t, 3, a, b, c) | \
                       ROW(t, 4, a, b, c) | ROW(t, 5, a, b, c) | ROW(t, 6, a, b, c) | ROW(t, 7, a, b, c)

#pragma once

/// For a function of simple loops. Vector units differ from machine to machine; the loader takes
/// the best of its forms.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define TESSERA_FOR_VECTOR_UNITS __attribute__((target_clones("avx512f", "fma", "default")))
#else
#define TESSERA_FOR_VECTOR_UNITS
#endif

/* First in every .c file of the device: the same bits from every compiler, whatever its flags.
 *
 * Boards' tool chains add a product to a sum in one rounding where the processor can
 * (GNU C does unless told otherwise); the numbers then differ from the golden ones in
 * their last bits. Not for the files that use these: it would change their flags too.
 */
#if defined(__FINITE_MATH_ONLY__)
#if __FINITE_MATH_ONLY__ > 0
#error "-ffast-math and -ffinite-math-only take out the guards against NaN: leave them out"
#endif
#endif

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#else
/* Switch contraction off by your compiler's own flag. */
#endif

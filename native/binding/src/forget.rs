//! What a floor that saw card data leaves beside its buffers: bytes on the stack and in registers.

use countertop_core::wipe::wipe_stack;

/// Write over both, once what worked on card data is over.
///
/// Copying and searching go through vector registers, which nobody clears; whoever saves registers
/// next, such as the linker when a function is called for the first time, puts them into memory.
/// Registers of other machines than these are left to be written over by what is reckoned next.
#[inline(never)]
pub(crate) fn forget() {
    wipe_stack();
    clear_registers();
}

#[cfg(target_arch = "x86_64")]
fn clear_registers() {
    use std::arch::{asm, is_x86_feature_detected};

    macro_rules! clear {
        ($instruction:literal, $($register:tt)+) => {
            // SAFETY: it writes registers and nothing else, and names each as written.
            unsafe {
                asm!(
                    $(concat!($instruction, " ", $register, ", ", $register, ", ", $register),)+
                    $(out($register) _,)+
                    options(nomem, nostack, preserves_flags)
                );
            }
        };
    }
    if is_x86_feature_detected!("avx512f") {
        clear!("vpxorq", "zmm16" "zmm17" "zmm18" "zmm19" "zmm20" "zmm21" "zmm22" "zmm23" "zmm24"
            "zmm25" "zmm26" "zmm27" "zmm28" "zmm29" "zmm30" "zmm31");
    }
    if is_x86_feature_detected!("avx") {
        // Writing the narrow register clears all of the wide one.
        clear!("vpxor", "xmm0" "xmm1" "xmm2" "xmm3" "xmm4" "xmm5" "xmm6" "xmm7" "xmm8" "xmm9"
            "xmm10" "xmm11" "xmm12" "xmm13" "xmm14" "xmm15");
    } else {
        // SAFETY: as above.
        unsafe {
            asm!(
                "pxor xmm0, xmm0", "pxor xmm1, xmm1", "pxor xmm2, xmm2", "pxor xmm3, xmm3",
                "pxor xmm4, xmm4", "pxor xmm5, xmm5", "pxor xmm6, xmm6", "pxor xmm7, xmm7",
                "pxor xmm8, xmm8", "pxor xmm9, xmm9", "pxor xmm10, xmm10", "pxor xmm11, xmm11",
                "pxor xmm12, xmm12", "pxor xmm13, xmm13", "pxor xmm14, xmm14", "pxor xmm15, xmm15",
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _,
                out("xmm5") _, out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _,
                out("xmm10") _, out("xmm11") _, out("xmm12") _, out("xmm13") _, out("xmm14") _,
                out("xmm15") _,
                options(nomem, nostack, preserves_flags)
            );
        }
    }
}

#[cfg(target_arch = "aarch64")]
fn clear_registers() {
    use std::arch::asm;

    macro_rules! clear {
        ($($register:tt)+) => {
            // SAFETY: it writes registers and nothing else, and names each as written.
            unsafe {
                asm!(
                    $(concat!("movi ", $register, ".2d, #0"),)+
                    $(out($register) _,)+
                    options(nomem, nostack, preserves_flags)
                );
            }
        };
    }
    clear!("v0" "v1" "v2" "v3" "v4" "v5" "v6" "v7" "v8" "v9" "v10" "v11" "v12" "v13" "v14" "v15"
        "v16" "v17" "v18" "v19" "v20" "v21" "v22" "v23" "v24" "v25" "v26" "v27" "v28" "v29" "v30"
        "v31");
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn clear_registers() {}

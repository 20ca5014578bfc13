//! The checks of this family that fit any service, with their defaults.

use super::{
    CpuLoadCheck, DescriptorCheck, DiskCheck, MachineMemoryCheck, MemoryCheck, PressureCheck,
};
use health_core::Registration;

/// The checks that need no word from the service: its memory (at most 0.9 of what
/// its cgroup or else the machine has), its descriptors, the memory and the load of
/// the machine, the disk of `/`, and the pressures that this kernel measures.
///
/// Left out are [`FileAgeCheck`](super::FileAgeCheck), which needs a file, and
/// [`ResourceCheck`](super::ResourceCheck), which says again what these say.
///
/// ```
/// use health_core::Health;
///
/// let health = Health::new();
/// for check in health_checks::system::defaults() {
///     health.register(check)?;
/// }
/// # Ok::<(), health_core::RegisterError>(())
/// ```
pub fn defaults() -> Vec<Registration> {
    let pressures = [
        PressureCheck::cpu(),
        PressureCheck::memory(),
        PressureCheck::io(),
    ];
    [
        MemoryCheck::default().registration(),
        DescriptorCheck::new().registration(),
        MachineMemoryCheck::new().registration(),
        CpuLoadCheck::new().registration(),
        DiskCheck::root().registration(),
    ]
    .into_iter()
    .chain(
        pressures
            .into_iter()
            .filter(PressureCheck::available)
            .map(Registration::from),
    )
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name_of_its_own() {
        let mut names: Vec<String> = defaults()
            .iter()
            .map(|registration| registration.spec().name.clone())
            .collect();
        names.sort();
        let fixed = [
            "cpu-load",
            "descriptors",
            "disk",
            "machine-memory",
            "memory",
        ];
        assert!(fixed.iter().all(|name| names.contains(&(*name).to_owned())));
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}

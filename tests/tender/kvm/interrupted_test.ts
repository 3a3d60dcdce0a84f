/**
 * Calls of KVM that signals interrupt, such as those of children's ends, are made again.
 */
import { Alarms } from "../../../linux/alarm.ts";
import { System } from "../../../tender/kvm/system.ts";
import { kvmTest } from "../hvt/kvm_available.ts";

const PERIOD = 500_000n;

kvmTest("kvm: machines are made while signals come", () => {
  using system = new System();
  using alarms = new Alarms();
  alarms.set("monotonic", PERIOD, { again: PERIOD });
  alarms.interrupting(() => {
    for (let count = 0; count < 200; count++) {
      using vm = system.createVm();
      using _ = vm.createVcpu(0, system.vcpuMmapSize());
    }
  });
});

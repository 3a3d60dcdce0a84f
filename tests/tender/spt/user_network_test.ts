/**
 * Networks without root on spt: a guest is reached by a port of the host, and what serves it ends with it.
 */
import { userNetworkTests } from "../devices/user_network.ts";

userNetworkTests("spt");

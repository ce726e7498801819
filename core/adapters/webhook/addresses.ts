/**
 * Which addresses are private: of this machine, of a local network, of a cloud's metadata service. What a webhook's name leads to is
 * judged when it is looked up for the connection itself, so that a name cannot lead elsewhere in between.
 */
import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup } from 'node:dns';
import { BlockList, isIP, isIPv6 } from 'node:net';

const IPV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const;
const IPV6 = [
  ['::', 127],
  ['64:ff9b::', 32],
  ['fc00::', 7],
  ['fe80::', 9],
  ['2001::', 32],
  ['2002::', 16],
  ['ff00::', 8],
] as const;

let known: BlockList | undefined;

/** Made when the first address is judged, which takes longer than one would think: most functions start without a webhook. */
function privateNetworks(): BlockList {
  if (known !== undefined) return known;
  known = new BlockList();
  for (const [network, bits] of IPV4) known.addSubnet(network, bits, 'ipv4');
  for (const [network, bits] of IPV6) known.addSubnet(network, bits, 'ipv6');
  return known;
}

export function isPrivate(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return isPrivate(mapped);
  return isIP(address) === 0 || privateNetworks().check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

type Found = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** A lookup for connections that finds no private address. */
export function publicLookup(hostname: string, options: LookupOptions, found: Found): void {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return found(error, []);
    const wrong = addresses.find(({ address }) => isPrivate(address));
    const first = addresses[0];
    if (wrong !== undefined || first === undefined)
      return found(
        new Error(`${hostname} leads to a private address${wrong === undefined ? '' : `, ${wrong.address}`}`),
        [],
      );
    return options.all === true ? found(null, addresses) : found(null, first.address, first.family);
  });
}

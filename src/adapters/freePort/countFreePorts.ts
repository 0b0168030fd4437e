import { createServer } from 'node:net';

const canBind = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });

/** How many ports of a range on 127.0.0.1 could be bound at this moment. Binds each for an instant. */
export async function countFreePorts(range: { readonly from: number; readonly to: number }): Promise<number> {
  let free = 0;
  for (let port = range.from; port <= range.to; port += 50) {
    const some = Array.from({ length: Math.min(50, range.to - port + 1) }, (_, i) => canBind(port + i));
    free += (await Promise.all(some)).filter(Boolean).length;
  }
  return free;
}

export default async function tearDown() {
  await globalThis.parleyTestServers?.stop();
}

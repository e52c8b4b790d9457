/*
 * The baseline of the benchmarks: an edge as it is usually written on Node, with `ws` and `redis`. Two of them
 * behind HAProxy carry live messages between their sockets through Redis pub/sub.
 *
 *   PORT=7001 REDIS=redis://127.0.0.1:6379 MEMBERS=members.json node edge.mjs
 *
 * It speaks as much of Parley's protocol as the load generator needs: hello, sendMessage, pushed messages. It does less
 * than Parley: nothing is stored or deduplicated, memberships come from a file, and the ack promises nothing.
 */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createClient } from "redis";
import { WebSocketServer } from "ws";

const membersOf = JSON.parse(readFileSync(process.env.MEMBERS, "utf8")); // token -> channel ids
const publisher = createClient({ url: process.env.REDIS });
const subscriber = publisher.duplicate();
await publisher.connect();
await subscriber.connect();

const sockets = new Map(); // channel -> Set of sockets
let seq = 0;

function deliver(payload, topic) {
    const text = payload;
    for (const socket of sockets.get(Number(topic.slice("channel-".length))) ?? [])
        socket.send(text);
}

async function join(socket, channel) {
    let members = sockets.get(channel);
    if (!members) {
        sockets.set(channel, (members = new Set()));
        await subscriber.subscribe(`channel-${channel}`, deliver);
    }
    members.add(socket);
    socket.channels.push(channel);
}

async function hello(socket, request) {
    const channels = membersOf[request.token] ?? [];
    for (const channel of channels)
        await join(socket, channel);
    const answer = { re: request.id, user: { id: 1 }, channels: channels.map((id) => ({ id })) };
    socket.send(JSON.stringify(answer));
}

async function sendMessage(socket, request) {
    const event = {
        ev: "message", channel: request.channel, seq: ++seq, prev: seq - 1, n: seq, from: 1,
        ts_us: Date.now() * 1000, cmid: request.cmid, text: request.text,
    };
    await publisher.publish(`channel-${request.channel}`, JSON.stringify(event));
    socket.send(JSON.stringify({ re: request.id, channel: request.channel, seq: event.seq }));
}

function leaveAll(socket) {
    for (const channel of socket.channels) {
        const members = sockets.get(channel);
        members.delete(socket);
        if (members.size === 0) {
            sockets.delete(channel);
            subscriber.unsubscribe(`channel-${channel}`);
        }
    }
}

const server = createServer((request, response) => response.end("ok"));
const websockets = new WebSocketServer({ server, path: "/ws", perMessageDeflate: false });
websockets.on("connection", (socket) => {
    socket.channels = [];
    socket.on("message", (data) => {
        const request = JSON.parse(data);
        if (request.op === "hello")
            hello(socket, request);
        else if (request.op === "sendMessage")
            sendMessage(socket, request);
    });
    socket.on("close", () => leaveAll(socket));
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));

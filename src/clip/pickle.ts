/** What {@link unpickle} knows of the world outside of a pickle. */
export interface PickleSurroundings {
  /** What a pickle may refer to, by `module.name`: values, and functions of ours of one argument list. */
  readonly globals: ReadonlyMap<string, unknown>;
  /** The object that a persistent id stands for. */
  readonly persistent: (id: unknown) => unknown;
  /** Makes the error for what is wrong. */
  readonly refused: (what: string) => Error;
}

/**
 * Reads a pickle of protocol 2 without running anything: only the operations that `torch.save` uses
 * for state dicts are known, only what `globals` has can be referred to, and the rest is refused by
 * name. Tuples and lists become arrays, dicts become maps. The state that `BUILD` gives a dict
 * (`_metadata` of PyTorch's state dicts) is left out.
 */
export function unpickle(bytes: Uint8Array, surroundings: PickleSurroundings): unknown {
  return new Unpickler(bytes, surroundings).run();
}

const stop = 0x2e;

class Unpickler {
  /** By opcode; the names in the comments are those of Python's pickletools. */
  static readonly #operations: ReadonlyMap<number, (machine: Unpickler) => void> = new Map([
    [0x80, (machine) => machine.#checkProtocol(machine.#byte())], // PROTO
    [0x28, (machine) => machine.#mark()], // MARK
    [0x4e, (machine) => machine.#push(null)], // NONE
    [0x88, (machine) => machine.#push(true)], // NEWTRUE
    [0x89, (machine) => machine.#push(false)], // NEWFALSE
    [0x4a, (machine) => machine.#push(machine.#view.getInt32(machine.#take(4), true))], // BININT
    [0x4b, (machine) => machine.#push(machine.#byte())], // BININT1
    [0x4d, (machine) => machine.#push(machine.#view.getUint16(machine.#take(2), true))], // BININT2
    [0x8a, (machine) => machine.#push(machine.#long(machine.#byte()))], // LONG1
    [0x47, (machine) => machine.#push(machine.#view.getFloat64(machine.#take(8)))], // BINFLOAT
    [0x58, (machine) => machine.#push(machine.#text(machine.#uint32()))], // BINUNICODE
    [0x29, (machine) => machine.#push([])], // EMPTY_TUPLE
    [0x85, (machine) => machine.#push(machine.#popped(1))], // TUPLE1
    [0x86, (machine) => machine.#push(machine.#popped(2))], // TUPLE2
    [0x87, (machine) => machine.#push(machine.#popped(3))], // TUPLE3
    [0x74, (machine) => machine.#push(machine.#sinceMark())], // TUPLE
    [0x5d, (machine) => machine.#push([])], // EMPTY_LIST
    [0x61, (machine) => machine.#append(machine.#popped(1))], // APPEND
    [0x65, (machine) => machine.#append(machine.#sinceMark())], // APPENDS
    [0x7d, (machine) => machine.#push(new Map())], // EMPTY_DICT
    [0x73, (machine) => machine.#setItems(machine.#popped(2))], // SETITEM
    [0x75, (machine) => machine.#setItems(machine.#sinceMark())], // SETITEMS
    [0x71, (machine) => machine.#remember(machine.#byte())], // BINPUT
    [0x72, (machine) => machine.#remember(machine.#uint32())], // LONG_BINPUT
    [0x68, (machine) => machine.#push(machine.#remembered(machine.#byte()))], // BINGET
    [0x6a, (machine) => machine.#push(machine.#remembered(machine.#uint32()))], // LONG_BINGET
    [0x63, (machine) => machine.#push(machine.#global(machine.#line(), machine.#line()))], // GLOBAL
    [0x52, (machine) => machine.#push(machine.#call(machine.#popped(2)))], // REDUCE
    [0x62, (machine) => machine.#ignoreState(machine.#popped(1))], // BUILD
    [0x51, (machine) => machine.#push(machine.#persistent(machine.#popped(1)))], // BINPERSID
  ]);

  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #surroundings: PickleSurroundings;
  readonly #memo = new Map<number, unknown>();
  /** Stacks that a mark has put aside. */
  readonly #outer: unknown[][] = [];
  #stack: unknown[] = [];
  #position = 0;

  constructor(bytes: Uint8Array, surroundings: PickleSurroundings) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#surroundings = surroundings;
  }

  run(): unknown {
    for (;;) {
      const opcode = this.#byte();
      if (opcode === stop) return this.#popped(1)[0];
      const operation = Unpickler.#operations.get(opcode);
      if (!operation) {
        throw this.#refused(
          `the operation 0x${opcode.toString(16)} at byte ${this.#position - 1} is unknown`,
        );
      }
      operation(this);
    }
  }

  #checkProtocol(protocol: number): void {
    if (protocol !== 2) throw this.#refused(`the pickle protocol is ${protocol}, not 2`);
  }

  #mark(): void {
    this.#outer.push(this.#stack);
    this.#stack = [];
  }

  #sinceMark(): unknown[] {
    const items = this.#stack;
    const outer = this.#outer.pop();
    if (!outer) throw this.#refused('a list ends that did not begin');
    this.#stack = outer;
    return items;
  }

  #push(value: unknown): void {
    this.#stack.push(value);
  }

  /** The last `count` values of the stack, taken off. */
  #popped(count: number): unknown[] {
    if (this.#stack.length < count) throw this.#refused('values are missing');
    return this.#stack.splice(-count);
  }

  #top(): unknown {
    if (this.#stack.length === 0) throw this.#refused('values are missing');
    return this.#stack.at(-1);
  }

  #append(items: readonly unknown[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#refused('items belong to no list');
    for (const item of items) list.push(item);
  }

  /** @param items Keys and values in turn. */
  #setItems(items: readonly unknown[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map)) throw this.#refused('items belong to no dict');
    for (let i = 0; i + 1 < items.length; i += 2) dict.set(items[i], items[i + 1]);
  }

  #ignoreState(_: readonly unknown[]): void {
    if (!(this.#top() instanceof Map)) throw this.#refused('a state belongs to no dict');
  }

  #remember(key: number): void {
    this.#memo.set(key, this.#top());
  }

  #remembered(key: number): unknown {
    if (this.#memo.has(key)) return this.#memo.get(key);
    throw this.#refused(`there is no object ${key}`);
  }

  #global(module: string, name: string): unknown {
    const { globals } = this.#surroundings;
    const full = `${module}.${name}`;
    if (globals.has(full)) return globals.get(full);
    throw this.#refused(`'${full}' is referred to, which no plain state dict needs`);
  }

  #call([callee, values]: readonly unknown[]): unknown {
    if (typeof callee !== 'function' || !Array.isArray(values)) {
      throw this.#refused('something is called that is no function');
    }
    return callee(values);
  }

  #persistent([id]: readonly unknown[]): unknown {
    return this.#surroundings.persistent(id);
  }

  #byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  #uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** A signed little-endian integer of `length` bytes. */
  #long(length: number): number {
    const start = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[start + i]!);
    const signed = Number(BigInt.asIntN(8 * length, value));
    if (!Number.isSafeInteger(signed)) throw this.#refused(`a number is ${signed}`);
    return signed;
  }

  #text(length: number): string {
    const start = this.#take(length);
    return new TextDecoder().decode(this.#bytes.subarray(start, start + length));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end < 0) throw this.#refused('the pickle is cut off');
    const text = this.#text(end - this.#position);
    this.#take(1);
    return text;
  }

  /** Goes on by `length` bytes and gives where they begin. */
  #take(length: number): number {
    const start = this.#position;
    if (start + length > this.#bytes.length) throw this.#refused('the pickle is cut off');
    this.#position += length;
    return start;
  }

  #refused(what: string): Error {
    return this.#surroundings.refused(what);
  }
}

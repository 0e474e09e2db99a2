/**
 * A place to drop files on, or to choose them with a click or the keyboard; it lists what it holds.
 * After each change it sends a `change` event.
 */
export class DropZone extends HTMLElement {
  #files: File[] = [];
  readonly #list = document.createElement('ul');

  get files(): readonly File[] {
    return this.#files;
  }

  /** Takes all files out; sends no event. */
  take(): File[] {
    const files = this.#files;
    this.#files = [];
    this.#show();
    return files;
  }

  connectedCallback(): void {
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = true;
    const label = document.createElement('label');
    const hint = document.createElement('span');
    hint.textContent = 'Drop files here, or choose some: PNG, JPEG, WebP, DICOM, NIfTI.';
    label.append(this.getAttribute('label') ?? '', hint, input);
    this.append(label, this.#list);
    input.addEventListener('change', (event) => {
      event.stopPropagation();
      this.#add(input.files);
      input.value = '';
    });
    this.addEventListener('dragover', (event) => {
      event.preventDefault();
      this.classList.add('over');
    });
    this.addEventListener('dragleave', () => this.classList.remove('over'));
    this.addEventListener('drop', (event) => {
      event.preventDefault();
      this.classList.remove('over');
      this.#add(event.dataTransfer?.files ?? null);
    });
  }

  #add(files: FileList | null): void {
    if (!files || files.length === 0) return;
    this.#files.push(...files);
    this.#changed();
  }

  #changed(): void {
    this.#show();
    this.dispatchEvent(new Event('change'));
  }

  #show(): void {
    this.#list.replaceChildren(
      ...this.#files.map((file) => {
        const item = document.createElement('li');
        const remove = document.createElement('button');
        remove.type = 'button';
        remove.textContent = '✕';
        remove.setAttribute('aria-label', `Remove ${file.name}`);
        remove.addEventListener('click', () => {
          this.#files = this.#files.filter((other) => other !== file);
          this.#changed();
        });
        item.append(file.name, remove);
        return item;
      }),
    );
  }
}

customElements.define('drop-zone', DropZone);
